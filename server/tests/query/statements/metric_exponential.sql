SELECT step, part.2 AS scale, sum(part.1 * toInt64(part.3)) AS zeros,
    sumMap(arrayMap(i -> part.4 + toInt32(i) - 1, arrayEnumerate(part.5)), arrayMap(c -> part.1 * toInt64(c), part.5)) AS positive, sumMap(arrayMap(i -> part.6 + toInt32(i) - 1, arrayEnumerate(part.7)), arrayMap(c -> part.1 * toInt64(c), part.7)) AS negative
FROM (
    SELECT step, if(change = 1, [current], [current, before]) AS parts
    FROM (
    SELECT step, measure, lagInFrame(measure) OVER w AS previous,
        (toInt64(1), scale, zero_count, positive_offset, positive_counts, negative_offset, negative_counts) AS current, (toInt64(-1), lagInFrame(scale) OVER w, lagInFrame(zero_count) OVER w, lagInFrame(positive_offset) OVER w, lagInFrame(positive_counts) OVER w, lagInFrame(negative_offset) OVER w, lagInFrame(negative_counts) OVER w) AS before,
        row_number() OVER w AS nth, lagInFrame(start_time) OVER w AS previous_start,
        multiIf(
            temporality = 'delta', 1,
            nth = 1, start_time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND start_time < time
                AND toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(start_time) <= {p9:Int64},
            start_time != previous_start, start_time < time,
            1 AND measure < previous, 1,
            2) AS change
    FROM (
        SELECT toInt64(floor((toUnixTimestamp64Nano(time) - {p10:Int64}) / {p11:Int64})) AS step, *, toFloat64(assumeNotNull(count)) AS measure,
            toFloat64(ifNull(sum, 0)) AS total
        FROM (SELECT project, name, series, time, start_time, type, unit, temporality, is_monotonic, value, count, sum, scale, zero_count, positive_offset, positive_counts, negative_offset, negative_counts, flags, attr_shape, attr_values FROM metric_rows FINAL)
        WHERE project = {p0:String} AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND (has(attr_values, {p2:String}) AND attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p2:String}) AND name = {p5:String} AND type = {p6:String} AND unit = {p7:String} AND time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND bitAnd(flags, 1) = 0 AND isNotNull(count)
    )
    WINDOW w AS (PARTITION BY series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
    WHERE change > 0 AND step >= 0
)
ARRAY JOIN parts AS part
GROUP BY step, scale
