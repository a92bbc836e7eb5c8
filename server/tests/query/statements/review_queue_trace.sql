SELECT trace_id, its_span AS span_id, '' AS session_id, its_name AS name, its_kind AS kind, start_ns, failed, reviewers
FROM (
    SELECT trace_id, argMin(span_id, (parent_span_id != '', start_time, span_id)) AS its_span, argMin(name, (parent_span_id != '', start_time, span_id)) AS its_name, argMin(kind, (parent_span_id != '', start_time, span_id)) AS its_kind,
        toUnixTimestamp64Nano(min(start_time)) AS start_ns, countIf(status = 'error') > 0 AS failed
    FROM (SELECT project, trace_id, span_id, parent_span_id, name, kind, start_time, status FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = {p3:String} AND cityHash64(trace_id) % {p4:Int64} = 0 AND (trace_id) IN (SELECT trace_id FROM (SELECT project, time, name, target_type, trace_id, score, evaluator FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND target_type = {p7:String} AND name = {p5:String} AND score < {p6:Float64} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') - toIntervalHour(1))
    GROUP BY trace_id
) AS things
LEFT JOIN (
    SELECT arraySort(groupUniqArray(evaluator)) AS reviewers, trace_id FROM (SELECT project, time, name, target_type, trace_id, evaluator, source FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND target_type = {p7:String} AND source = 'human' AND name = {p8:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') - toIntervalHour(1)
    GROUP BY trace_id
) AS said USING (trace_id)
ORDER BY empty(reviewers) DESC, start_ns DESC, trace_id, span_id, session_id
LIMIT 200
