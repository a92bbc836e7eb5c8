SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS sort_key, sum(count()) OVER () AS seen
FROM (
    SELECT trace_id, start_time
    FROM (SELECT project, trace_id, start_time, session_id FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND session_id = {p3:String}
)
GROUP BY trace_id
ORDER BY sort_key DESC, trace_id DESC
LIMIT 67
