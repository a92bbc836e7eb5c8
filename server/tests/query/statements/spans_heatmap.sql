SELECT intDiv(toUnixTimestamp64Nano(start_time) - {p0:Int64}, {p1:Int64}) AS step, toInt32(floor(log10(greatest(assumeNotNull(duration_ms), 0.001)) * 32)) AS band,
    count() AS spans, countIf(status = 'error') AS errors
FROM (SELECT project, start_time, status, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, if(span_rows.ended, 'ended', 'running') AS state FROM span_rows FINAL)
WHERE project = {p2:String} AND start_time >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND state = 'ended'
GROUP BY step, band
