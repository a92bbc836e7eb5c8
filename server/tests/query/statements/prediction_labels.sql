SELECT model, prediction_id, label, label_value, toUnixTimestamp64Nano(time) AS label_ns
FROM (SELECT project, model, prediction_id, label, label_value, time FROM label_rows FINAL)
WHERE project = {p0:String} AND model = {p1:String} AND prediction_id IN {p2:Array(String)}
SETTINGS optimize_move_to_prewhere_if_final = 1
