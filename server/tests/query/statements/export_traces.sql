SELECT *
FROM traces
WHERE project = {p0:String} AND trace_id IN (SELECT trace_id FROM (SELECT trace_id, min(start_time) AS first
FROM (SELECT project, trace_id, start_time, status FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND status = {p3:String}
GROUP BY trace_id
HAVING first >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND first < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')))
ORDER BY start_time DESC, trace_id
LIMIT 100
