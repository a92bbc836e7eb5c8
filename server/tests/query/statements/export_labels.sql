SELECT *
FROM labels
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
AND (model, prediction_id) IN (SELECT model, prediction_id FROM (SELECT project, model, prediction_id, time FROM label_rows FINAL) WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String})
ORDER BY time DESC, model, prediction_id
LIMIT 100
