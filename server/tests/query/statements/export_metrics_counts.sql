SELECT intDiv(toUnixTimestamp64Nano(time), 3600000000000) AS hour, count() AS matching
FROM (SELECT project, time, attr_shape, attr_values FROM metric_rows FINAL)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (has(attr_values, {p3:String}) AND attr_values[if(extract(attr_shape, {p4:String}) = '.', countMatches(extract(attr_shape, {p5:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p3:String})
GROUP BY hour
ORDER BY hour DESC
