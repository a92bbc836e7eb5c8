SELECT grouping(step) AS whole, step, toFloat64(count()) AS value, count() AS records
FROM (
    SELECT intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p3:Int64}) AS step
    FROM (SELECT project, time FROM log_rows FINAL)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
)
GROUP BY GROUPING SETS ((step), ())
