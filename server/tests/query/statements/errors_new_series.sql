SELECT grouping(step) AS whole, step, toFloat64(uniqExactIf(fingerprint, new)) AS value, count() AS records, label_0
FROM (
    SELECT intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p4:Int64}) AS step, fingerprint, (toString(fingerprint), step) IN (
            SELECT fingerprint, intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p4:Int64}) FROM (
                SELECT fingerprint, min(first_seen) AS time FROM error_groups
                WHERE project = {p0:String} GROUP BY fingerprint
            ) WHERE time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
        ) AS new, toString(version) AS label_0
    FROM (SELECT project, time, fingerprint, service, version FROM error_rows FINAL WHERE counted)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND service = {p3:String}
)
GROUP BY GROUPING SETS ((step, label_0), (label_0))
