SELECT toUnixTimestamp64Nano(CAST(`at`, 'Nullable(DateTime64(9, \'UTC\'))')) - positiveModulo(toUnixTimestamp64Nano(CAST(`at`, 'Nullable(DateTime64(9, \'UTC\'))')) - 0, 86400000000000) AS drift_group, count() AS drift_rows,
    [countIf(isNull(CAST(`price`, 'Nullable(Float64)'))), countIf(isNaN(CAST(`price`, 'Nullable(Float64)'))), countIf(CAST(`price`, 'Nullable(Float64)') = inf), countIf(CAST(`price`, 'Nullable(Float64)') = -inf), countIf(CAST(`price`, 'Nullable(Float64)') < {p0:Array(Float64)}[1]), countIf(CAST(`price`, 'Nullable(Float64)') < {p0:Array(Float64)}[2])] AS drift_n0,
    [avgIf(CAST(`price`, 'Nullable(Float64)'), isFinite(CAST(`price`, 'Nullable(Float64)'))), stddevPopStableIf(CAST(`price`, 'Nullable(Float64)'), isFinite(CAST(`price`, 'Nullable(Float64)'))), minIf(CAST(`price`, 'Nullable(Float64)'), isFinite(CAST(`price`, 'Nullable(Float64)'))), maxIf(CAST(`price`, 'Nullable(Float64)'), isFinite(CAST(`price`, 'Nullable(Float64)')))] AS drift_m0,
    count(CAST(`shop's \`name\``, 'Nullable(String)')) AS drift_n1,
    approx_top_count(1000, 1000)(CAST(`shop's \`name\``, 'Nullable(String)')) AS drift_v1,
    count(toString(CAST(`flag`, 'Nullable(Bool)'))) AS drift_n2,
    approx_top_count(1000, 1000)(transform(toString(CAST(`flag`, 'Nullable(Bool)')), {p1:Array(String)}, {p1:Array(String)}, NULL)) AS drift_v2
FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
WHERE price >= {frame_least:Float64} AND drift_group IS NOT NULL
GROUP BY drift_group
ORDER BY drift_group
LIMIT 10001
