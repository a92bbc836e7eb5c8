SELECT toUnixTimestamp64Nano(start_time) AS start_ns, trace_id, span_id
FROM span_rows
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT ended AND has({p3:Array(String)}, trace_id) AND ingested_at >= fromUnixTimestamp64Nano({p4:Int64}, 'UTC')
GROUP BY start_time, trace_id, span_id
ORDER BY max(ingested_at) DESC, span_id
LIMIT 2000
