SELECT name, service, toUnixTimestamp64Nano(start_time) AS start_ns
FROM (SELECT project, trace_id, span_id, parent_span_id, name, service, start_time FROM span_rows FINAL)
WHERE project = {p0:String} AND trace_id = {p1:String}
ORDER BY parent_span_id != '', start_time, span_id
LIMIT 1
