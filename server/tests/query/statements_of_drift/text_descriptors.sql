SELECT NULL AS drift_group, count() AS drift_rows,
    [countIf(isNull(drift_x0)), countIf(isNaN(drift_x0)), countIf(drift_x0 = inf), countIf(drift_x0 = -inf), countIf(drift_x0 < {p0:Array(Float64)}[1])] AS drift_n0,
    [avgIf(drift_x0, isFinite(drift_x0)), stddevPopStableIf(drift_x0, isFinite(drift_x0)), minIf(drift_x0, isFinite(drift_x0)), maxIf(drift_x0, isFinite(drift_x0))] AS drift_m0,
    [countIf(isNull(drift_x1)), countIf(isNaN(drift_x1)), countIf(drift_x1 = inf), countIf(drift_x1 = -inf), countIf(drift_x1 < {p0:Array(Float64)}[1])] AS drift_n1,
    [avgIf(drift_x1, isFinite(drift_x1)), stddevPopStableIf(drift_x1, isFinite(drift_x1)), minIf(drift_x1, isFinite(drift_x1)), maxIf(drift_x1, isFinite(drift_x1))] AS drift_m1,
    [countIf(isNull(drift_x2)), countIf(isNaN(drift_x2)), countIf(drift_x2 = inf), countIf(drift_x2 = -inf), countIf(drift_x2 < {p0:Array(Float64)}[1])] AS drift_n2,
    [avgIf(drift_x2, isFinite(drift_x2)), stddevPopStableIf(drift_x2, isFinite(drift_x2)), minIf(drift_x2, isFinite(drift_x2)), maxIf(drift_x2, isFinite(drift_x2))] AS drift_m2,
    [countIf(isNull(drift_x3)), countIf(isNaN(drift_x3)), countIf(drift_x3 = inf), countIf(drift_x3 = -inf), countIf(drift_x3 < {p0:Array(Float64)}[1])] AS drift_n3,
    [avgIf(drift_x3, isFinite(drift_x3)), stddevPopStableIf(drift_x3, isFinite(drift_x3)), minIf(drift_x3, isFinite(drift_x3)), maxIf(drift_x3, isFinite(drift_x3))] AS drift_m3
FROM (SELECT CAST(lengthUTF8(CAST(`mail`, 'Nullable(String)')), 'Nullable(Float64)') AS drift_x0, CAST(if(isNull(CAST(`mail`, 'Nullable(String)')), NULL, length(extractAll(lowerUTF8(ifNull(CAST(`mail`, 'Nullable(String)'), '')), '[\\p{L}\\p{N}]+'))), 'Nullable(Float64)') AS drift_x1, CAST(if(lengthUTF8(CAST(`mail`, 'Nullable(String)')) > 0, 1 - lengthUTF8(replaceRegexpAll(CAST(`mail`, 'Nullable(String)'), '[^\\p{L}\\s]', '')) / lengthUTF8(CAST(`mail`, 'Nullable(String)')), NULL), 'Nullable(Float64)') AS drift_x2, CAST(if(empty(extractAll(lowerUTF8(ifNull(CAST(`mail`, 'Nullable(String)'), '')), '[\\p{L}\\p{N}]+')), NULL, 1 - arrayCount(word -> cityHash64(word) IN {frame_words:Array(UInt64)}, extractAll(lowerUTF8(ifNull(CAST(`mail`, 'Nullable(String)'), '')), '[\\p{L}\\p{N}]+')) / length(extractAll(lowerUTF8(ifNull(CAST(`mail`, 'Nullable(String)'), '')), '[\\p{L}\\p{N}]+'))), 'Nullable(Float64)') AS drift_x3
    FROM (SELECT toString(number) AS prediction_id, toDateTime64(number, 9, 'UTC') AS time, number AS score,
    arrayWithConstant(3, toFloat64(number)) AS vector, concat('word', toString(number % 7), ' and more') AS mail
    FROM numbers(100))
    WHERE true)
