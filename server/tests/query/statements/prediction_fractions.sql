SELECT countIf(isNotNull(numeric['age']) AND NOT (isFinite(numeric['age']) AND numeric['age'] = trunc(numeric['age']))) AS x0
FROM prediction_rows FINAL LEFT JOIN (SELECT project, model, prediction_id, label, label_value, time AS label_time, true AS labelled FROM label_rows FINAL) AS labels USING (project, model, prediction_id)
WHERE (project = {frame_0:String} AND model = {frame_1:String}) AND (time >= fromUnixTimestamp64Nano({frame_from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({frame_until:Int64}, 'UTC'))
