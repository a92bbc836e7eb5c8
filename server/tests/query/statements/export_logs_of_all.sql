SELECT *
FROM logs
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
ORDER BY time DESC, log_id
LIMIT 100
