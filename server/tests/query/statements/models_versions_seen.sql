SELECT toString(model) AS model, toString(version) AS version
FROM (SELECT project, model, version, time FROM prediction_rows FINAL)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND has({p3:Array(String)}, model)
GROUP BY model, version
ORDER BY max(time) DESC, version
LIMIT 50 BY model
