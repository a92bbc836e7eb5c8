SELECT reason, sum(count) AS found, uniqExact(place) AS keys, uniqExact(sender) AS senders,
    toInt64(toUnixTimestamp(max(time))) AS last_s, sumMap(map(intDiv(toInt64(toUnixTimestamp(time)) - {p0:Int64}, {p1:Int64}), count)) AS by_step
FROM ingest_rows
WHERE project = {p2:String} AND outcome = 'redacted'
    AND time >= toDateTime({p0:Int64}, 'UTC') AND time < toDateTime({p0:Int64} + {p1:Int64} * 60, 'UTC')
GROUP BY reason
ORDER BY found DESC, reason
