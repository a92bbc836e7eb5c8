SELECT NULL AS drift_group, count() AS drift_rows,
    [countIf(isNull(drift_x0)), countIf(isNaN(drift_x0)), countIf(drift_x0 = inf), countIf(drift_x0 = -inf), countIf(drift_x0 < {p0:Array(Float64)}[1]), countIf(drift_x0 < {p0:Array(Float64)}[2])] AS drift_n0,
    [avgIf(drift_x0, isFinite(drift_x0)), stddevPopStableIf(drift_x0, isFinite(drift_x0)), minIf(drift_x0, isFinite(drift_x0)), maxIf(drift_x0, isFinite(drift_x0))] AS drift_m0,
    count(drift_x1) AS drift_n1,
    approx_top_count(1000, 1000)(drift_x1) AS drift_v1,
    count(drift_x2) AS drift_n2,
    approx_top_count(1000, 1000)(transform(drift_x2, {p1:Array(String)}, {p1:Array(String)}, NULL)) AS drift_v2
FROM (SELECT CAST(`price`, 'Nullable(Float64)') AS drift_x0, CAST(`shop's \`name\``, 'Nullable(String)') AS drift_x1, toString(CAST(`flag`, 'Nullable(Bool)')) AS drift_x2
    FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
    WHERE price >= {frame_least:Float64})
