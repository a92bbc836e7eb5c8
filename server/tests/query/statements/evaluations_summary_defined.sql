SELECT name, value, toInt64(sum(records)) AS evaluations, toInt64(sum(with_score)) AS scored,
    if(scored = 0, NULL, sum(scores) / scored) AS avg_score, min(lowest) AS min_score, max(highest) AS max_score,
    toInt64(sum(with_verdict)) AS judged, toInt64(sum(good)) AS passed, toInt64(sum(problems)) AS flagged,
    arraySlice(arrayReverseSort(l -> (l.2, l.1), groupArrayIf((label, toInt64(records)), label != '')), 1, 8)
        AS most, arrayMap(l -> l.1, most) AS labels, arrayMap(l -> l.2, most) AS label_counts,
    toUnixTimestamp64Nano(max(latest)) AS last_ns
FROM (
    SELECT name, value, toString(label) AS label, count() AS records, countIf(isNotNull(score)) AS with_score,
        sum(ifNull(score, 0)) AS scores, min(score) AS lowest, max(score) AS highest,
        countIf(isNotNull(verdict)) AS with_verdict, countIf(ifNull(verdict, 0)) AS good,
        countIf(problem != '') AS problems, max(time) AS latest
    FROM (SELECT *, multiIf(has({p5:Array(String)}, concat(name, char(31), label)), 1, has({p6:Array(String)}, concat(name, char(31), label)), 0, if(isNull(score) OR isNull(ifNull(threshold, if(indexOf({p2:Array(String)}, toString(name)) = 0, NULL, arrayElement({p3:Array(Float64)}, indexOf({p2:Array(String)}, toString(name)))))), NULL, if(has({p4:Array(String)}, toString(name)), score <= ifNull(threshold, if(indexOf({p2:Array(String)}, toString(name)) = 0, NULL, arrayElement({p3:Array(Float64)}, indexOf({p2:Array(String)}, toString(name))))), score >= ifNull(threshold, if(indexOf({p2:Array(String)}, toString(name)) = 0, NULL, arrayElement({p3:Array(Float64)}, indexOf({p2:Array(String)}, toString(name)))))))) AS verdict FROM (SELECT *, own AS value FROM (SELECT name, score, threshold, label, problem, time, trace_id, span_id, response_id, '' AS own FROM (SELECT project, time, name, trace_id, span_id, response_id, score, label, threshold, problem FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND name = {p1:String})))
    GROUP BY name, value, label
)
GROUP BY name, value
ORDER BY evaluations DESC, name, value
LIMIT 1001
