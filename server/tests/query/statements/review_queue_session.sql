SELECT '' AS trace_id, '' AS span_id, session_id, its_name AS name, its_kind AS kind, start_ns, failed, reviewers
FROM (
    SELECT session_id, argMin(span_id, (parent_span_id != '', start_time, span_id)) AS its_span, argMin(name, (parent_span_id != '', start_time, span_id)) AS its_name, argMin(kind, (parent_span_id != '', start_time, span_id)) AS its_kind,
        toUnixTimestamp64Nano(min(start_time)) AS start_ns, countIf(status = 'error') > 0 AS failed
    FROM (SELECT project, trace_id, span_id, parent_span_id, name, kind, start_time, status, session_id FROM span_rows FINAL)
    WHERE project = {p0:String} AND session_id != '' AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, kind, start_time FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = {p3:String}) AND cityHash64(session_id) % {p4:Int64} = 0 AND (session_id) IN (SELECT target_id AS session_id FROM (SELECT project, time, name, target_type, target_id, score, evaluator FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND target_type = {p7:String} AND name = {p5:String} AND score < {p6:Float64} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') - toIntervalHour(1))
    GROUP BY session_id
) AS things
LEFT JOIN (
    SELECT arraySort(groupUniqArray(evaluator)) AS reviewers, target_id AS session_id FROM (SELECT project, time, name, target_type, target_id, evaluator, source FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND target_type = {p7:String} AND source = 'human' AND name = {p8:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') - toIntervalHour(1)
    GROUP BY session_id
) AS said USING (session_id)
ORDER BY empty(reviewers) DESC, start_ns DESC, trace_id, span_id, session_id
LIMIT 200
