SELECT prediction_id, toUnixTimestamp64Nano(time) AS at_ns, CAST(`vector`, 'Array(Nullable(Float64))') AS vector, CAST(`score`, 'Nullable(Float64)') AS value
FROM (SELECT toString(number) AS prediction_id, toDateTime64(number, 9, 'UTC') AS time, number AS score,
    arrayWithConstant(3, toFloat64(number)) AS vector, concat('word', toString(number % 7), ' and more') AS mail
    FROM numbers(100))
WHERE true AND sipHash64(prediction_id) % 5 = 0 AND length(CAST(`vector`, 'Array(Nullable(Float64))')) = 3
    AND arrayAll(x -> isFinite(ifNull(x, nan)), CAST(`vector`, 'Array(Nullable(Float64))'))
ORDER BY sipHash64(prediction_id), at_ns
LIMIT 20
