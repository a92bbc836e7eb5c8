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
    FROM (SELECT *, if(isNull(score) OR isNull(threshold), NULL, score >= threshold) AS verdict FROM (SELECT said.*, multiIf(s.found != '', s.found, r.found != '', r.found, t.found) AS value
    FROM (SELECT name, score, threshold, label, problem, time, trace_id, span_id, response_id, '' AS own FROM (SELECT project, time, name, trace_id, span_id, response_id, score, label, threshold, problem FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND name = {p1:String}) AS said
    LEFT ANY JOIN (SELECT trace_id, span_id, toString(model) AS found FROM (SELECT project, trace_id, span_id, name, model, response_id FROM span_rows FINAL) WHERE project = {p0:String} AND trace_id IN (SELECT trace_id FROM (SELECT name, score, threshold, label, problem, time, trace_id, span_id, response_id, '' AS own FROM (SELECT project, time, name, trace_id, span_id, response_id, score, label, threshold, problem FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND name = {p1:String}) WHERE trace_id != '') AND toString(model) != '') AS s ON said.trace_id = s.trace_id AND said.span_id = s.span_id
    LEFT ANY JOIN (SELECT trace_id, if(uniqExact(toString(model)) = 1, max(toString(model)), '') AS found FROM (SELECT project, trace_id, span_id, name, model, response_id FROM span_rows FINAL) WHERE project = {p0:String} AND trace_id IN (SELECT trace_id FROM (SELECT name, score, threshold, label, problem, time, trace_id, span_id, response_id, '' AS own FROM (SELECT project, time, name, trace_id, span_id, response_id, score, label, threshold, problem FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND name = {p1:String}) WHERE trace_id != '') AND toString(model) != '' GROUP BY trace_id) AS t ON said.trace_id = t.trace_id
    LEFT ANY JOIN (SELECT response_id, toString(model) AS found FROM (SELECT project, trace_id, span_id, name, model, response_id FROM span_rows FINAL) WHERE project = {p0:String} AND response_id IN (SELECT response_id FROM (SELECT name, score, threshold, label, problem, time, trace_id, span_id, response_id, '' AS own FROM (SELECT project, time, name, trace_id, span_id, response_id, score, label, threshold, problem FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND name = {p1:String}) WHERE trace_id = '' AND response_id != '') AND toString(model) != '') AS r ON said.response_id = r.response_id))
    GROUP BY name, value, label
)
GROUP BY name, value
ORDER BY evaluations DESC, name, value
LIMIT 1001
