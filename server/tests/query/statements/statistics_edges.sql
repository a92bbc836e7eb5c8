SELECT toUInt8(version = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')) AS edge0, toUInt8(true) AS edge1,
    arrayConcat(mapKeys(numeric), arrayMap(k -> concat(char(0), k), ['prediction', 'score', 'latency_ms']), arrayMap(k -> concat(char(0), 'scores.', k), mapKeys(scores))) AS numbers_names, arrayConcat(mapValues(numeric), [output, score, latency_ms], CAST(mapValues(scores), 'Array(Nullable(Float64))')) AS numbers_values,
    mapKeys(booleans) AS truths_names, CAST(mapValues(booleans), 'Array(Nullable(Float64))') AS truths_values,
    arrayConcat(mapKeys(categorical), mapKeys(texts), [concat(char(0), 'output_label')], arrayMap(k -> concat(char(0), 'tags.', k), mapKeys(tags))) AS texts_names, arrayConcat(mapValues(categorical), mapValues(texts), [nullIf(toString(output_label), '')], CAST(mapValues(tags), 'Array(Nullable(String))')) AS texts_values,
    mapKeys(number_lists) AS number_lists_names, mapValues(number_lists) AS number_lists_values,
    mapKeys(text_lists) AS text_lists_names, mapValues(text_lists) AS text_lists_values
FROM prediction_rows FINAL
WHERE project = {p3:String} AND model = {p4:String}
    AND ((version = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')) OR (true))
LIMIT 1000
