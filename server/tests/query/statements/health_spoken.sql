SELECT signal, service, length(minutes) AS active, arrayMax(arrayDifference(minutes)) AS pause,
    first_ns, last_ns, answers
FROM (
    SELECT 'traces' AS signal, toString(service) AS service,
        arraySort(groupUniqArray(intDiv(toUnixTimestamp64Nano(start_time), 60000000000))) AS minutes,
        toUnixTimestamp64Nano(min(start_time)) AS first_ns, toUnixTimestamp64Nano(max(start_time)) AS last_ns,
        max(span_kind IN ('server', 'consumer')) AS answers
    FROM span_rows
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY service
    UNION ALL
    SELECT 'logs' AS signal, toString(service) AS service,
        arraySort(groupUniqArray(intDiv(toUnixTimestamp64Nano(time), 60000000000))) AS minutes,
        toUnixTimestamp64Nano(min(time)) AS first_ns, toUnixTimestamp64Nano(max(time)) AS last_ns,
        false AS answers
    FROM log_rows
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY service
    UNION ALL
    SELECT 'metrics' AS signal, toString(service) AS service,
        arraySort(groupUniqArray(intDiv(toUnixTimestamp64Nano(time), 60000000000))) AS minutes,
        toUnixTimestamp64Nano(min(time)) AS first_ns, toUnixTimestamp64Nano(max(time)) AS last_ns,
        false AS answers
    FROM metric_rows
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY service
)
ORDER BY last_ns, service, signal
LIMIT 1500
