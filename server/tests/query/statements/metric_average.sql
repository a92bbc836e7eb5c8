SELECT step, label_0, avg(number) AS result, count() AS points
FROM (SELECT toInt64(floor((toUnixTimestamp64Nano(time) - {p8:Int64}) / {p9:Int64})) AS step, toString(attr_values[if(extract(attr_shape, {p0:String}) = '.', countMatches(extract(attr_shape, {p1:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)]) AS label_0, series, time, assumeNotNull(value) AS number
    FROM (SELECT project, name, series, time, type, unit, value, attr_shape, attr_values FROM metric_rows FINAL)
    WHERE project = {p2:String} AND time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND (has(attr_values, {p4:String}) AND attr_values[if(extract(attr_shape, {p0:String}) = '.', countMatches(extract(attr_shape, {p1:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p4:String}) AND name = {p5:String} AND type = {p6:String} AND unit = {p7:String} AND time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND isNotNull(value))
GROUP BY step, label_0
