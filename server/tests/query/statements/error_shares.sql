SELECT nth - 1 AS which, value, count() AS occurrences, toUnixTimestamp64Nano(min(time)) AS first,
    toUnixTimestamp64Nano(max(time)) AS last
FROM (
    SELECT time, arrayJoin(arrayEnumerate([toString(version), toString(environment), toString(service)])) AS nth, [toString(version), toString(environment), toString(service)][nth] AS value
    FROM (SELECT project, time, service, version, environment FROM error_rows FINAL WHERE counted)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
)
GROUP BY nth, value
ORDER BY which, occurrences DESC, value
LIMIT 20 BY which
