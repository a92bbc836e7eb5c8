SELECT service, basis, groupArray((step, requests, errors, p95)) AS windows
FROM (
    SELECT service, multiIf(span_kind IN ('server', 'consumer'), 'requests', parent_span_id = '', 'traces', 'spans') AS basis, intDiv(toUnixTimestamp64Nano(start_time) - {p1:Int64}, {p3:Int64}) AS step, count() AS requests, countIf(status = 'error') AS errors, quantile(0.95)(duration_ms) AS p95
    FROM (SELECT project, parent_span_id, span_kind, service, start_time, status, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY service, basis, step
)
GROUP BY service, basis
ORDER BY sum(requests) DESC, service, basis
LIMIT 1500
