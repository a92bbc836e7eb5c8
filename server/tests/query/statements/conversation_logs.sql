SELECT toUnixTimestamp64Nano(time) AS time_ns, span_id, event_name, body, attr_shape, attr_values
FROM (SELECT project, time, trace_id, span_id, body, event_name, log_id, attr_shape, attr_values FROM log_rows FINAL)
WHERE project = {p1:String} AND trace_id = {p2:String} AND (event_name IN {p0:Array(String)} OR body IN {p0:Array(String)} OR hasAny(attr_values, {p0:Array(String)})) AND span_id = {p3:String}
ORDER BY time, log_id
LIMIT 2000
