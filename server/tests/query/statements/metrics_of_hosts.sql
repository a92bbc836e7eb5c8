SELECT name, any(unit) AS latest_unit, any(service) AS reporter, counts,
    any(attr_shape) AS shape, any(attr_values) AS texts, groupArray(1000)((step_ns, shown)) AS found
FROM (
    SELECT name, series, counts, any(unit) AS unit, any(service) AS service, any(attr_shape) AS attr_shape,
        any(attr_values) AS attr_values,
        intDiv(toUnixTimestamp64Nano(time), 12000000000) * 12000000000 AS step_ns, avg(at_point) AS shown
    FROM (
        SELECT *, is_monotonic AND temporality = 'cumulative' AS counts,
            row_number() OVER w AS nth, lagInFrame(value) OVER w AS previous, lagInFrame(time) OVER w AS previous_time,
            multiIf(NOT counts, assumeNotNull(value), nth = 1 OR value < previous OR time <= previous_time, nan,
                (assumeNotNull(value) - assumeNotNull(previous))
                / ((toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(previous_time)) / 1e9)) AS at_point
        FROM (
            SELECT name, series, time, unit, service, is_monotonic, temporality, attr_shape, attr_values, value
            FROM (SELECT project, name, series, time, unit, temporality, is_monotonic, service, value, attr_shape, attr_values, resource FROM metric_rows FINAL)
            WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (startsWith(name, {p3:String}) OR startsWith(name, {p4:String}) OR startsWith(name, {p5:String})) AND (match(resource, {p6:String})) AND isNotNull(value)
        )
        WINDOW w AS (PARTITION BY name, series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    )
    WHERE NOT isNaN(at_point)
    GROUP BY name, series, counts, step_ns
)
GROUP BY name, series, counts
ORDER BY name, series
LIMIT 200
