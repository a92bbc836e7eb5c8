SELECT host, name AS metric, shape, texts, groupArray(1000)((at, assumeNotNull(share))) AS points
FROM (
    SELECT name, extract(resource, {p8:String}) AS host,
        if(name IN ({p3:String}, {p4:String}), '', toString(attr_shape)) AS shape,
        if(name IN ({p3:String}, {p4:String}), [], attr_values) AS texts,
        intDiv(toUnixTimestamp64Nano(time), 60000000000) * 60000000000 AS at,
        avg(if(name = {p3:String} AND has(attr_values, 'idle'), 1 - value, value)) AS share
    FROM (SELECT project, name, time, value, attr_shape, attr_values, resource FROM metric_rows FINAL)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND name IN ({p3:String}, {p4:String}, {p5:String}, {p6:String}, {p7:String}) AND isNotNull(value) AND (name != {p3:String} OR has(attr_values, 'idle') OR empty(attr_values)) AND (name != {p4:String} OR has(attr_values, 'used'))
    GROUP BY name, host, shape, texts, at
)
WHERE host != ''
GROUP BY host, metric, shape, texts
ORDER BY host, metric, shape, texts
LIMIT 300
