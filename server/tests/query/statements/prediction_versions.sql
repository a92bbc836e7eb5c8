SELECT DISTINCT toString(version) AS of
FROM prediction_rows FINAL LEFT JOIN (SELECT project, model, prediction_id, label, label_value, time AS label_time, true AS labelled FROM label_rows FINAL) AS labels USING (project, model, prediction_id)
WHERE project = {frame_0:String} AND model = {frame_1:String}
LIMIT 2
