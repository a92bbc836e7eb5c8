SELECT intDiv(toUnixTimestamp64Nano(time) - {p0:Int64}, {p1:Int64}) AS step, count() AS total, countIf(severity = 'trace') AS traces, countIf(severity = 'debug') AS debugs, countIf(severity = 'info') AS infos, countIf(severity = 'warn') AS warns, countIf(severity = 'error') AS errors, countIf(severity = 'fatal') AS fatals
FROM (SELECT project, time, severity FROM log_rows FINAL)
WHERE project = {p2:String} AND time >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
GROUP BY step
