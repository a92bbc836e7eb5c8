SELECT *
FROM ingest
WHERE project = {p0:String} AND sender != {p1:String} AND time >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
ORDER BY time DESC, sender, signal, reason
LIMIT 100
