SELECT layout, mapKeys(numeric) AS numeric_names, mapKeys(booleans) AS booleans_names, mapKeys(categorical) AS categorical_names, mapKeys(texts) AS texts_names, mapKeys(number_lists) AS number_lists_names, mapKeys(text_lists) AS text_lists_names
FROM prediction_rows FINAL LEFT JOIN (SELECT project, model, prediction_id, label, label_value, time AS label_time, true AS labelled FROM label_rows FINAL) AS labels USING (project, model, prediction_id)
WHERE project = {frame_0:String} AND model = {frame_1:String}
LIMIT 1 BY layout
LIMIT 1
