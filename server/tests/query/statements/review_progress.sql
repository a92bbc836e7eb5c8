SELECT count() AS total, countIf(notEmpty(reviewers)) AS reviewed
FROM (SELECT trace_id, span_id, '' AS session_id, its_name AS name, its_kind AS kind, start_ns, failed, reviewers
FROM (
    SELECT trace_id, span_id, name AS its_name, kind AS its_kind, toUnixTimestamp64Nano(start_time) AS start_ns,
        status = 'error' AS failed
    FROM (SELECT project, trace_id, span_id, name, kind, start_time, status FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
) AS things
LEFT JOIN (
    SELECT arraySort(groupUniqArray(evaluator)) AS reviewers, trace_id, span_id FROM (SELECT project, time, target_type, trace_id, span_id, evaluator, source FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND target_type = {p3:String} AND source = 'human' AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') - toIntervalHour(1)
    GROUP BY trace_id, span_id
) AS said USING (trace_id, span_id))
