SELECT toString(fingerprint) AS print, intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p5:Int64}) AS step, count() AS occurrences
FROM (SELECT project, time, fingerprint, service FROM error_rows FINAL WHERE counted)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND service = {p3:String} AND has({p4:Array(String)}, fingerprint)
GROUP BY print, step
