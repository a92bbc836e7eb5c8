SELECT sumMap([toUInt64(list_0)], [toUInt64(list_0 > 0)]).1 AS lengths_0, sumMap([toUInt64(list_0)], [toUInt64(list_0 > 0)]).2 AS counts_0
FROM (SELECT length(CAST(`vector`, 'Array(Nullable(Float64))')) AS list_0 FROM (SELECT toString(number) AS prediction_id, toDateTime64(number, 9, 'UTC') AS time, number AS score,
    arrayWithConstant(3, toFloat64(number)) AS vector, concat('word', toString(number % 7), ' and more') AS mail
    FROM numbers(100)) WHERE true AND (length(CAST(`vector`, 'Array(Nullable(Float64))')) > 0) LIMIT 1000)
