SELECT score AS at, count() AS records
FROM (SELECT project, time, name, score FROM evaluation_rows FINAL WHERE NOT withdrawn)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND name = {p3:String} AND isNotNull(score)
GROUP BY at
ORDER BY at
LIMIT 10
