SELECT model, prediction_id, label, label_value, toUnixTimestamp64Nano(time) AS label_ns
FROM (SELECT project, model, prediction_id, label, label_value, time FROM label_rows FINAL)
WHERE project = {p0:String} AND model IN {p1:Array(String)} AND prediction_id IN {p2:Array(String)}
