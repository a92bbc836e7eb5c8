SELECT NULL AS drift_group, drift_place,
    sumForEach(arrayConcat([toUInt64(ifNull(isNull(drift_x), 0)), toUInt64(ifNull(isNaN(drift_x), 0)), toUInt64(ifNull(drift_x = inf, 0)), toUInt64(ifNull(drift_x = -inf, 0))], arrayMap(e -> toUInt64(ifNull(drift_x < e, 0)), arraySlice({p0:Array(Float64)}, {p1:Array(UInt32)}[drift_place], {p2:Array(UInt32)}[drift_place])))) AS drift_n,
    [avgIf(drift_x, isFinite(drift_x)), stddevPopStableIf(drift_x, isFinite(drift_x)), minIf(drift_x, isFinite(drift_x)), maxIf(drift_x, isFinite(drift_x))] AS drift_m
FROM (SELECT drift_pair.1 AS drift_place, drift_pair.2 AS drift_x
    FROM (SELECT arrayJoin(arrayZip(range(1, 3), drift_x0)) AS drift_pair
    FROM (SELECT [CAST(`price`, 'Nullable(Float64)'), CAST(CAST(NULL, 'Nullable(Float64)'), 'Nullable(Float64)')] AS drift_x0
    FROM (SELECT number AS _row_number, number / 3 AS price, toString(number % 5) AS `shop's \`name\``,
    number % 2 = 0 AS flag, toDateTime(number * 3600, 'UTC') AS at FROM numbers(100))
    WHERE price >= {frame_least:Float64})))
GROUP BY drift_place
