SELECT drift_place, quantilesExactInclusiveIf(0.5, 0.9)(drift_x, isFinite(drift_x)) AS drift_q
FROM (SELECT drift_pair.1 AS drift_place, drift_pair.2 AS drift_x
    FROM (SELECT arrayJoin(arrayZip(range(1, 3), drift_x0)) AS drift_pair
    FROM (SELECT [CAST(`price`, 'Nullable(Float64)'), CAST(CAST(NULL, 'Nullable(Float64)'), 'Nullable(Float64)')] AS drift_x0
    FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
    WHERE price >= {frame_least:Float64})))
GROUP BY drift_place
