SELECT toString(version) AS version
FROM (SELECT project, model, version, time FROM prediction_rows)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String}
GROUP BY version
ORDER BY max(time) DESC, version
LIMIT 50
