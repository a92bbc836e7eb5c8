SELECT trace_id, span_id, '' AS session_id, its_name AS name, its_kind AS kind, start_ns, failed, reviewers
FROM (
    SELECT trace_id, span_id, name AS its_name, kind AS its_kind, toUnixTimestamp64Nano(start_time) AS start_ns,
        status = 'error' AS failed
    FROM (SELECT project, trace_id, span_id, name, kind, start_time, status FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = {p3:String} AND cityHash64(trace_id, span_id) % {p4:Int64} = 0 AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM (SELECT project, time, name, target_type, trace_id, span_id, score, evaluator FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND target_type = {p7:String} AND name = {p5:String} AND score < {p6:Float64} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') - toIntervalHour(1))
) AS things
LEFT JOIN (
    SELECT arraySort(groupUniqArray(evaluator)) AS reviewers, trace_id, span_id FROM (SELECT project, time, name, target_type, trace_id, span_id, evaluator, source FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND target_type = {p7:String} AND source = 'human' AND name = {p8:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') - toIntervalHour(1)
    GROUP BY trace_id, span_id
) AS said USING (trace_id, span_id)
ORDER BY empty(reviewers) DESC, start_ns DESC, trace_id, span_id, session_id
LIMIT 200
