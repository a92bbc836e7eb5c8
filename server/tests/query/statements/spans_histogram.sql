SELECT intDiv(toUnixTimestamp64Nano(start_time) - {p0:Int64}, {p1:Int64}) AS step, count() AS spans,
    countIf(status = 'error') AS errors, quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations
FROM (SELECT project, start_time, status, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms FROM span_rows FINAL)
WHERE project = {p2:String} AND start_time >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
GROUP BY step
