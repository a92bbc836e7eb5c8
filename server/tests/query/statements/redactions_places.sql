SELECT reason, place, signal, sender, sum(count) AS found,
    toInt64(toUnixTimestamp(max(time))) AS last_s
FROM ingest_rows
WHERE project = {p2:String} AND outcome = 'redacted'
    AND time >= toDateTime({p0:Int64}, 'UTC') AND time < toDateTime({p0:Int64} + {p1:Int64} * 60, 'UTC')
GROUP BY reason, place, signal, sender
ORDER BY found DESC, reason, place, signal, sender
LIMIT 501
