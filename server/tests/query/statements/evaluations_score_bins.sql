SELECT toInt64(least(9, floor((score - {p0:Float64}) / {p1:Float64} * 10))) AS bin, count() AS records
FROM (SELECT project, time, name, score FROM evaluation_rows FINAL WHERE NOT withdrawn)
WHERE project = {p2:String} AND time >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND name = {p5:String} AND isNotNull(score)
GROUP BY bin
