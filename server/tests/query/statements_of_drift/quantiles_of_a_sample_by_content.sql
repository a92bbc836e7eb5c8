SELECT quantilesExactInclusiveIf(0.5)(CAST(`price`, 'Nullable(Float64)'), isFinite(CAST(`price`, 'Nullable(Float64)'))) AS drift_q0,
    quantilesExactInclusiveIf(0.5)(CAST(CAST(NULL, 'Nullable(Float64)'), 'Nullable(Float64)'), isFinite(CAST(CAST(NULL, 'Nullable(Float64)'), 'Nullable(Float64)'))) AS drift_q1
FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
WHERE price >= {frame_least:Float64} AND sipHash64(_row_number, ifNull(toString(CAST(`price`, 'Nullable(Float64)')), ''), ifNull(toString(CAST(CAST(NULL, 'Nullable(Float64)'), 'Nullable(Float64)')), '')) % 30 = 0
