SELECT cityHash64(word) AS hashed, count() AS texts
FROM (SELECT arrayJoin(arrayDistinct(extractAll(lowerUTF8(ifNull(CAST(`mail`, 'Nullable(String)'), '')), '[\\p{L}\\p{N}]+'))) AS word FROM (SELECT toString(number) AS prediction_id, toDateTime64(number, 9, 'UTC') AS time, number AS score,
    arrayWithConstant(3, toFloat64(number)) AS vector, concat('word', toString(number % 7), ' and more') AS mail
    FROM numbers(100)) WHERE true)
GROUP BY word
ORDER BY texts DESC, hashed
LIMIT 5000
