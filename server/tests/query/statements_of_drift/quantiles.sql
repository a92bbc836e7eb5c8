SELECT quantilesExactInclusiveIf(0.25, 0.5)(CAST(`price`, 'Nullable(Float64)'), isFinite(CAST(`price`, 'Nullable(Float64)'))) AS drift_q0
FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
WHERE price >= {frame_least:Float64}
