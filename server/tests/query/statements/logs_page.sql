SELECT toUnixTimestamp64Nano(time) AS time_ns, lower(hex(log_id)) AS id,
    toUnixTimestamp64Nano(observed_time) AS observed_ns, service, severity_number, severity,
    substringUTF8(body, 1, 16384) AS text, event_name, trace_id, span_id,
    attr_shape, attr_values, resource, lengthUTF8(body) AS body_length
FROM (SELECT project, time, observed_time, trace_id, span_id, service, severity_number, severity, body, event_name, log_id, attr_shape, attr_values, resource FROM log_rows FINAL)
WHERE project = {p0:String} AND (time, log_id) IN (
    SELECT time, log_id
    FROM (SELECT project, time, severity, body, event_name, log_id FROM log_rows FINAL)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND severity IN {p3:Array(String)} AND (hasAllTokens(lowerUTF8(if(match(body, '^\\s*[\\[{"]'), replaceRegexpAll(replaceRegexpAll(body, '\\\\\\\\([bfnrt])([\\w.\':]+)', ' \\1\\2 \\2'), '\\\\[bfnrt]', ' '), replaceRegexpAll(body, '\\\\([bfnrt])([\\w.\':]+)', ' \\1\\2 \\2'))), {p4:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(event_name), {p4:String}, 'unicodeWord')) AND time <= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND (time < fromUnixTimestamp64Nano({p5:Int64}, 'UTC') OR log_id < toFixedString(unhex({p6:String}), 16))
    ORDER BY time DESC, log_id DESC
LIMIT 101
)
ORDER BY time DESC, log_id DESC
LIMIT 101
