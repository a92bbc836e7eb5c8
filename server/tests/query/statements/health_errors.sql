SELECT *, min(first_ns) OVER () AS known_ns
FROM (
    SELECT toString(fingerprint) AS print,
        countResample(0, 60, 1)(time, toInt64(intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p3:Int64}))) AS counts,
        toInt64(countIf(NOT handled)) AS unhandled,
        arraySort(arrayMap(s -> toString(s), groupUniqArray(20)(service))) AS services,
        argMax([toString(type), message, toString(template), toString(culprit), toString(severity)],
            time) AS latest
    FROM (SELECT project, time, fingerprint, type, message, template, culprit, handled, service, severity FROM error_rows FINAL WHERE counted)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY print
) AS found
RIGHT JOIN (
    SELECT fingerprint AS print, toUnixTimestamp64Nano(min(first_seen)) AS first_ns
    FROM error_groups
    WHERE project = {p0:String}
    GROUP BY print
) AS known USING (print)
QUALIFY arraySum(arraySlice(counts, -6)) > 0
ORDER BY first_ns >= toUnixTimestamp64Nano(fromUnixTimestamp64Nano({p4:Int64}, 'UTC')) DESC, arraySum(arraySlice(counts, -6)) DESC, print
LIMIT 500
