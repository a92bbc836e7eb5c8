SELECT reason, intDiv(toInt64(toUnixTimestamp(time)) - {p0:Int64}, {p1:Int64}) AS at, sum(count) AS found
FROM ingest_rows
WHERE project = {p2:String} AND outcome = 'redacted'
    AND time >= toDateTime({p0:Int64}, 'UTC') AND time < toDateTime({p0:Int64} + {p1:Int64} * 60, 'UTC')
GROUP BY reason, at
ORDER BY reason, at
