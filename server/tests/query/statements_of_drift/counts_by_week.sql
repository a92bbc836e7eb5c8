SELECT drift_group, count() AS drift_rows,
    [countIf(isNull(drift_x0)), countIf(isNaN(drift_x0)), countIf(drift_x0 = inf), countIf(drift_x0 = -inf), countIf(drift_x0 < {p0:Array(Float64)}[1]), countIf(drift_x0 < {p0:Array(Float64)}[2])] AS drift_n0,
    [avgIf(drift_x0, isFinite(drift_x0)), stddevPopStableIf(drift_x0, isFinite(drift_x0)), minIf(drift_x0, isFinite(drift_x0)), maxIf(drift_x0, isFinite(drift_x0))] AS drift_m0
FROM (SELECT toUnixTimestamp64Nano(CAST(`at`, 'Nullable(DateTime64(9, \'UTC\'))')) - positiveModulo(toUnixTimestamp64Nano(CAST(`at`, 'Nullable(DateTime64(9, \'UTC\'))')) - 345600000000000, 604800000000000) AS drift_group, CAST(`price`, 'Nullable(Float64)') AS drift_x0
    FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
    WHERE price >= {frame_least:Float64})
WHERE drift_group IS NOT NULL
GROUP BY drift_group
ORDER BY drift_group
LIMIT 10001
