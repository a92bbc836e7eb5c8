SELECT layout, count() AS rows, groupUniqArrayArray(nulls) AS null_names,
    groupUniqArrayArray(1000)(mapKeys(tags)) AS tag_names,
    groupUniqArrayArray(1000)(mapKeys(scores)) AS class_names
FROM prediction_rows FINAL LEFT JOIN (SELECT project, model, prediction_id, label, label_value, time AS label_time, true AS labelled FROM label_rows FINAL) AS labels USING (project, model, prediction_id)
WHERE project = {frame_0:String} AND model = {frame_1:String}
GROUP BY layout
ORDER BY rows DESC, layout
LIMIT 1000
