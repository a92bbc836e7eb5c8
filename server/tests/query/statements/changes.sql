SELECT toUnixTimestamp64Nano(time) AS time_ns, kind, subject, before, after, source, attributes
FROM changes
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND has({p3:Array(String)}, subject) AND has({p4:Array(String)}, kind)
ORDER BY time DESC, kind, subject, after
LIMIT {p5:Int64}
