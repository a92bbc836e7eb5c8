SELECT step, label_0, part.2 AS bounds, sumForEach(arrayMap(c -> part.1 * toInt64(c), part.3)) AS counts,
    min(min) AS low, max(max) AS high
FROM (
    SELECT step, label_0, min, max, if(change = 1, [current], [current, before]) AS parts
    FROM (
    SELECT step, label_0, measure, lagInFrame(measure) OVER w AS previous, min, max,
        (toInt64(1), explicit_bounds, bucket_counts) AS current,
        (toInt64(-1), lagInFrame(explicit_bounds) OVER w, lagInFrame(bucket_counts) OVER w) AS before,
        row_number() OVER w AS nth, lagInFrame(start_time) OVER w AS previous_start,
        multiIf(
            temporality = 'delta', 1,
            nth = 1, start_time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND start_time < time
                AND toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(start_time) <= {p9:Int64},
            start_time != previous_start, start_time < time,
            1 AND measure < previous, 1,
            2) AS change
    FROM (
        SELECT toInt64(floor((toUnixTimestamp64Nano(time) - {p10:Int64}) / {p11:Int64})) AS step, toString(service) AS label_0, *, toFloat64(assumeNotNull(count)) AS measure,
            toFloat64(ifNull(sum, 0)) AS total
        FROM (SELECT project, name, series, time, start_time, type, unit, temporality, is_monotonic, service, value, count, sum, min, max, bucket_counts, explicit_bounds, flags, attr_shape, attr_values FROM metric_rows FINAL)
        WHERE project = {p0:String} AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND (has(attr_values, {p2:String}) AND attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p2:String}) AND name = {p5:String} AND type = {p6:String} AND unit = {p7:String} AND time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND bitAnd(flags, 1) = 0 AND isNotNull(count)
    )
    WINDOW w AS (PARTITION BY series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
    WHERE change > 0 AND step >= 0
)
ARRAY JOIN parts AS part
GROUP BY step, label_0, bounds
