SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS sort_key, if(isNull((SELECT start_time FROM span_rows WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    ORDER BY start_time DESC LIMIT 1 OFFSET 1999)), 0, 2000) AS seen
FROM (
    SELECT trace_id, start_time
    FROM (SELECT project, trace_id, start_time FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND start_time >= ifNull((SELECT start_time FROM span_rows WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    ORDER BY start_time DESC LIMIT 1 OFFSET 1999), toDateTime64('1900-01-01 00:00:00', 9, 'UTC'))
    ORDER BY start_time DESC, trace_id DESC
    LIMIT 2000
)
GROUP BY trace_id
ORDER BY sort_key DESC, trace_id DESC
LIMIT 67
