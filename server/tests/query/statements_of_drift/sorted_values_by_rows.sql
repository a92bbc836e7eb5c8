SELECT drift_group, assumeNotNull(drift_x0) + 0.0 AS drift_value, count() AS drift_rows
FROM (SELECT toInt64(intDiv(row_number() OVER (ORDER BY _row_number) - 1, 40)) AS drift_group, CAST(`price`, 'Nullable(Float64)') AS drift_x0
    FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
    WHERE price >= {frame_least:Float64})
WHERE isFinite(drift_x0) AND drift_group IS NOT NULL
GROUP BY drift_group, drift_value
ORDER BY drift_group, drift_value
SETTINGS input_format_parallel_parsing = 0
