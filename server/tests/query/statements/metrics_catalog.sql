SELECT name, type, unit, argMax(description, time) AS latest_description,
    argMax(is_monotonic, time) AS rises,
    arraySort(groupUniqArray(50)(toString(service))) AS services, uniq(series) AS series_count, count() AS points,
    toUnixTimestamp64Nano(max(time)) AS last_ns, groupUniqArray(200)(toString(attr_shape)) AS shapes
FROM (SELECT project, name, series, time, type, unit, description, is_monotonic, service, count, max, attr_shape FROM metric_rows FINAL)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
GROUP BY name, type, unit
ORDER BY name, type, unit
LIMIT 2000
