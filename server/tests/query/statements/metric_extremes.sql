SELECT step, max(extreme) AS result, countIf(unsaid) AS lacking
FROM (
    SELECT toInt64(floor((toUnixTimestamp64Nano(time) - {p8:Int64}) / {p9:Int64})) AS step, max AS extreme,
        isNull(max) AND count > 0 AS unsaid
    FROM (SELECT project, name, time, type, unit, count, max, attr_shape, attr_values FROM metric_rows FINAL)
    WHERE project = {p0:String} AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND (has(attr_values, {p2:String}) AND attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p2:String}) AND name = {p5:String} AND type = {p6:String} AND unit = {p7:String} AND time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC')
)
GROUP BY step
