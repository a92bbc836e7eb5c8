SELECT step, uniqExactArray(ids) AS ids, count() AS traces, countIf(errors > 0) AS failed
FROM (
    SELECT intDiv(toUnixTimestamp64Nano(min(start_time)) - {p1:Int64}, {p3:Int64}) AS step,
        groupUniqArrayIf(session_id, session_id != '') AS ids, countIf(status = 'error') AS errors
    FROM (SELECT project, trace_id, start_time, status, session_id FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY trace_id
    HAVING notEmpty(ids)
)
GROUP BY step
