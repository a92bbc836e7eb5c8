SELECT count() FROM (SELECT toString(number) AS prediction_id, toDateTime64(number, 9, 'UTC') AS time, number AS score,
    arrayWithConstant(3, toFloat64(number)) AS vector, concat('word', toString(number % 7), ' and more') AS mail
    FROM numbers(100)) WHERE true AND length(CAST(`vector`, 'Array(Nullable(Float64))')) = 3
