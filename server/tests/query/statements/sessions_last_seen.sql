SELECT session_id AS id, toUnixTimestamp64Nano(max(start_time)) AS sort_key, toInt64(bitShiftRight(cityHash64(id), 1)) AS place
FROM (SELECT project, trace_id, service, start_time, session_id FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, service, start_time FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND service = {p3:String}) AND session_id != ''
GROUP BY id
HAVING sort_key < {p4:Int64} OR (sort_key = {p4:Int64} AND place < {p5:Int64})
ORDER BY sort_key DESC, place DESC
LIMIT 51
