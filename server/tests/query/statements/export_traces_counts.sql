SELECT intDiv(toUnixTimestamp64Nano(first), 3600000000000) AS hour, count() AS matching
FROM (SELECT trace_id, min(start_time) AS first
FROM (SELECT project, trace_id, start_time FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
GROUP BY trace_id)
GROUP BY hour
ORDER BY hour DESC
