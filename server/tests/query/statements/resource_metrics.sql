SELECT name, any(unit) AS latest_unit, any(resource) AS reporter, any(attr_shape) AS shape,
    any(attr_values) AS texts, toInt64(quantileExactIf(0.5)(gap_ns, gap_ns > 0)) AS interval_ns,
    groupArray(242)((step_ns, shown)) AS found
FROM (
    SELECT name, series, any(unit) AS unit, any(resource) AS resource, any(attr_shape) AS attr_shape,
        any(attr_values) AS attr_values, toInt64(min(since_ns)) AS gap_ns,
        intDiv(toUnixTimestamp64Nano(time), 15000000000) * 15000000000 AS step_ns, avg(at_point) AS shown
    FROM (
        SELECT *, row_number() OVER w AS nth, lagInFrame(value) OVER w AS previous,
            if(nth = 1, 0, toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(lagInFrame(time) OVER w)) AS since_ns,
            toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(start_time) AS covered_ns,
            multiIf(NOT is_monotonic, assumeNotNull(value),
                temporality = 'delta' AND covered_ns > 0 AND covered_ns < 86400000000000,
                    assumeNotNull(value) / (covered_ns / 1e9),
                since_ns <= 0 OR (temporality != 'delta' AND value < previous), nan,
                (assumeNotNull(value) - if(temporality = 'delta', 0, assumeNotNull(previous))) / (since_ns / 1e9)
            ) AS at_point
        FROM (
            SELECT name, series, time, start_time, unit, resource, is_monotonic, temporality, attr_shape, attr_values, value
            FROM (SELECT project, name, series, time, start_time, unit, temporality, is_monotonic, value, attr_shape, attr_values, resource FROM metric_rows FINAL)
            WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND ((name IN {p5:Array(String)} AND ((match(resource, {p3:String})) OR (match(resource, {p4:String})))) OR (name IN {p8:Array(String)} AND ((match(resource, {p6:String}) AND match(resource, {p7:String}))))) AND isNotNull(value)
        )
        WINDOW w AS (PARTITION BY name, series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
    )
    WHERE NOT isNaN(at_point)
    GROUP BY name, series, step_ns
)
GROUP BY name, series
ORDER BY name, series
LIMIT 1025
