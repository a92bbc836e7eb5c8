SELECT sender, reason, sum(recent) AS lately, toInt64(toUnixTimestamp(min(first))) AS first_s,
    uniqExact(place) AS keys, argMax(place, (recent, place)) AS key, argMax(signal, (recent, place)) AS of_signal
FROM (
    SELECT sender, reason, place, signal, sumIf(count, time >= toDateTime({p2:Int64}, 'UTC')) AS recent, min(time) AS first
    FROM ingest_rows
    WHERE project = {p3:String} AND outcome = 'redacted' AND has({p4:Array(String)}, reason)
        AND time >= toDateTime({p0:Int64}, 'UTC') AND time <= toDateTime({p1:Int64}, 'UTC')
    GROUP BY sender, reason, place, signal
)
GROUP BY sender, reason
HAVING lately > 0
ORDER BY lately DESC, sender, reason
LIMIT 200
