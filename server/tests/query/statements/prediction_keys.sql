SELECT key, toUInt64(sum(records)) AS records
FROM (
    SELECT layout, mapKeys(tags) AS tagged, any(arrayConcat(mapKeys(numeric), mapKeys(booleans), mapKeys(categorical), mapKeys(texts), mapKeys(number_lists), mapKeys(text_lists))) AS names, count() AS records
    FROM (SELECT project, model, time, layout, numeric, booleans, categorical, texts, number_lists, text_lists, tags FROM prediction_rows FINAL)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String}
    GROUP BY layout, tagged
)
ARRAY JOIN arrayConcat(names, arrayMap(tag -> concat('tags.', tag), tagged)) AS key
GROUP BY key
ORDER BY records DESC, key
LIMIT 100
