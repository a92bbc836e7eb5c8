SELECT toUnixTimestamp64Nano(time) AS time_ns, substringUTF8(message, 1, 1000) AS text, service, version,
    environment, name, source, severity, handled, trace_id, span_id, log_id, user_id
FROM (SELECT project, time, message, handled, source, name, trace_id, span_id, log_id, service, version, environment, severity, user_id FROM error_rows FINAL WHERE counted)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
ORDER BY time DESC, trace_id, log_id
LIMIT 25
