SELECT step, label_0, sum(if(change = 1, measure, measure - previous)) AS result,
    sum(if(change = 1, total, total - previous_total)) AS total
FROM (
    SELECT step, label_0, measure, total, lagInFrame(measure) OVER w AS previous, lagInFrame(total) OVER w AS previous_total,
        row_number() OVER w AS nth, lagInFrame(start_time) OVER w AS previous_start,
        multiIf(
            temporality = 'delta', 1,
            nth = 1, 0,
            is_monotonic AND measure < previous, 1,
            2) AS change
    FROM (
        SELECT toInt64(floor((toUnixTimestamp64Nano(time) - {p9:Int64}) / {p10:Int64})) AS step, toString(service) AS label_0, *, assumeNotNull(value) AS measure,
            toFloat64(0) AS total
        FROM (SELECT project, name, series, time, start_time, type, unit, temporality, is_monotonic, service, value, count, sum, flags, attr_shape, attr_values FROM metric_rows FINAL)
        WHERE project = {p0:String} AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND (has(attr_values, {p2:String}) AND attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p2:String}) AND name = {p5:String} AND type = {p6:String} AND unit = {p7:String} AND time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND bitAnd(flags, 1) = 0 AND isNotNull(value)
    )
    WINDOW w AS (PARTITION BY series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE change > 0 AND step >= 0
GROUP BY step, label_0
