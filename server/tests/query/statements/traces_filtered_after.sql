SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS sort_key, sum(count()) OVER () AS seen
FROM (
    SELECT trace_id, start_time
    FROM (SELECT project, trace_id, name, service, start_time, model, attr_shape, attr_values, resource, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT (service IN {p3:Array(String)}) AND startsWith(name, {p4:String}) AND ifNull(duration_ms >= {p5:Float64}, 0) AND (has(attr_values, {p6:String}) AND attr_values[if(extract(attr_shape, {p7:String}) = '.', countMatches(extract(attr_shape, {p8:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p6:String}) AND ((has(attr_values, {p9:String}) AND attr_values[if(extract(attr_shape, {p10:String}) = '.', countMatches(extract(attr_shape, {p11:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p9:String}) OR multiIf(extract(attr_shape, {p10:String}) = 'C', toString(model), '') = {p9:String}) AND match(resource, {p12:String}) AND start_time >= fromUnixTimestamp64Nano({p13:Int64}, 'UTC') AND (start_time > fromUnixTimestamp64Nano({p13:Int64}, 'UTC') OR trace_id > {p14:String})
    ORDER BY start_time ASC, trace_id ASC
    LIMIT 2000
)
GROUP BY trace_id
ORDER BY sort_key ASC, trace_id ASC
LIMIT 67
