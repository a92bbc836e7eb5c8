SELECT *
FROM spans
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
AND (start_time, trace_id, span_id) IN (SELECT start_time, trace_id, span_id FROM (SELECT project, trace_id, span_id, start_time, attr_shape, attr_values FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (has(attr_values, {p3:String}) AND attr_values[if(extract(attr_shape, {p4:String}) = '.', countMatches(extract(attr_shape, {p5:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p3:String}))
ORDER BY start_time DESC, trace_id, span_id
LIMIT 100
