SELECT intDiv(toUnixTimestamp64Nano(time) - {p0:Int64}, {p1:Int64}) AS step, count() AS occurrences
FROM (SELECT project, time FROM error_rows FINAL WHERE counted)
WHERE project = {p2:String} AND time >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
GROUP BY step
