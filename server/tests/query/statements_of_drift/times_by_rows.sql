SELECT drift_group, toUnixTimestamp64Nano(min(drift_x0)) AS drift_first,
    toUnixTimestamp64Nano(max(drift_x0)) AS drift_last
FROM (SELECT toInt64(intDiv(row_number() OVER (ORDER BY _row_number) - 1, 40)) AS drift_group, CAST(`at`, 'Nullable(DateTime64(9, \'UTC\'))') AS drift_x0
    FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
    WHERE price >= {frame_least:Float64})
WHERE drift_x0 IS NOT NULL AND drift_group IS NOT NULL
GROUP BY drift_group
SETTINGS input_format_parallel_parsing = 0
