SELECT NULL AS drift_group, assumeNotNull(CAST(`price`, 'Nullable(Float64)')) + 0.0 AS drift_x, count() AS drift_rows
FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
WHERE price >= {frame_least:Float64} AND isFinite(CAST(`price`, 'Nullable(Float64)'))
GROUP BY drift_group, drift_x
ORDER BY drift_group, drift_x
