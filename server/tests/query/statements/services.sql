SELECT service, basis, grouping(step) AS whole, step, count() AS requests, countIf(status = 'error') AS errors,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations,
    arrayMap(r -> toString(r), groupUniqArray(100)(resource)) AS resources,
    toUnixTimestamp64Nano(max(start_time)) AS last_seen
FROM (
    SELECT service, multiIf(span_kind IN ('server', 'consumer'), 'requests', parent_span_id = '', 'traces', 'spans') AS basis, intDiv(toUnixTimestamp64Nano(start_time) - {p1:Int64}, {p6:Int64}) AS step, duration_ms, status,
    resource, start_time
    FROM (SELECT project, parent_span_id, span_kind, service, start_time, status, attr_shape, attr_values, resource, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (has(attr_values, {p3:String}) AND attr_values[if(extract(attr_shape, {p4:String}) = '.', countMatches(extract(attr_shape, {p5:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p3:String})
)
GROUP BY GROUPING SETS ((service, basis, step), (service, basis))
