SELECT name, span_kind, count() AS requests, countIf(status = 'error') AS errors,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations
FROM (SELECT project, parent_span_id, name, span_kind, service, start_time, status, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND service = {p3:String} AND multiIf(span_kind IN ('server', 'consumer'), 'requests', parent_span_id = '', 'traces', 'spans') = 'requests'
GROUP BY name, span_kind
ORDER BY requests DESC, name
LIMIT 200
