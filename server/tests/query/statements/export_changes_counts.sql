SELECT intDiv(toUnixTimestamp64Nano(toDateTime64(time, 9, 'UTC')), 3600000000000) AS hour, count() AS matching
FROM changes
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
GROUP BY hour
ORDER BY hour DESC
