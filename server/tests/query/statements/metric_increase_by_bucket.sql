SELECT step, label_0, label_1, sum(if(change = 1, measure, measure - previous)) AS result,
    sum(if(change = 1, total, total - previous_total)) AS total
FROM (
    SELECT step, label_0, label_1, measure, total, lagInFrame(measure) OVER w AS previous, lagInFrame(total) OVER w AS previous_total,
        row_number() OVER w AS nth, lagInFrame(start_time) OVER w AS previous_start,
        multiIf(
            temporality = 'delta', 1,
            nth = 1, start_time >= fromUnixTimestamp64Nano({p12:Int64}, 'UTC') AND start_time < time
                AND toUnixTimestamp64Nano(time) - toUnixTimestamp64Nano(start_time) <= {p13:Int64},
            start_time != previous_start, start_time < time,
            is_monotonic AND measure < previous, 1,
            2) AS change
    FROM (
        SELECT toInt64(floor((toUnixTimestamp64Nano(time) - {p14:Int64}) / {p15:Int64})) AS step, toString(service) AS label_0, toString(if(match(attr_shape, {p3:String}), attr_values[if(extract(attr_shape, {p0:String}) = '.', countMatches(extract(attr_shape, {p1:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)], JSONExtractString(concat('["', extract(resource, {p2:String}), '"]'), 1))) AS label_1, *, assumeNotNull(value) AS measure,
            toFloat64(0) AS total
        FROM (SELECT project, name, series, time, start_time, type, unit, temporality, is_monotonic, service, value, count, sum, flags, attr_shape, attr_values, resource FROM metric_rows FINAL)
        WHERE project = {p4:String} AND time < fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND (has(attr_values, {p6:String}) AND attr_values[if(extract(attr_shape, {p7:String}) = '.', countMatches(extract(attr_shape, {p8:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p6:String}) AND name = {p9:String} AND type = {p10:String} AND unit = {p11:String} AND time >= fromUnixTimestamp64Nano({p12:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND bitAnd(flags, 1) = 0 AND isNotNull(value)
    )
    WINDOW w AS (PARTITION BY series ORDER BY time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE change > 0 AND step >= 0
GROUP BY step, label_0, label_1
