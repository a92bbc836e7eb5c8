SELECT indexOf([notEmpty(t_slice_0)], 1) - 1 AS spec, concat(t_slice_0, '') AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_usable) AS used,
    [sumIf(t_n, t_usable),
        sumIf(t_w, t_usable),
        sumIf(t_n * arraySum((x, y) -> x * y, t_news, t_olds) / t_lengths, t_usable),
        sumIf(t_n * (t_lengths = 0), t_usable)] AS sums
FROM (
    SELECT materialize('[]') AS t_slice_0, ifNull(intDiv(toUnixTimestamp64Second(CAST(`time`, 'Nullable(DateTime64(9, \'UTC\'))')), 86400) * 86400, 0) AS t_period, arrayJoin(range(20)) AS t_part,
        toFloat64(1 * arrayMap(u -> multiIf(u < 0.36787944117144233, 0, u < 0.7357588823428847, 1, u < 0.9196986029286058, 2, u < 0.9810118431238462, 3, u < 0.9963401531726563, 4, u < 0.9994058151824183, 5, u < 0.9999167588507119, 6, u < 0.9999897508033253, 7, 8), [cityHash64(_row_number, t_part) / 18446744073709551616.])[1]) AS t_n, t_n * toFloat64(1) AS t_w,
        [ifNull(CAST(`p_cat`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_dog`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_eel`, 'Nullable(Float64)'), nan)] AS t_news,
        [ifNull(CAST(`p_cat`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_dog`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_eel`, 'Nullable(Float64)'), nan)] AS t_olds,
        t_news[1] AS t_new,
        t_olds[1] AS t_old,
        sqrt(arraySum(x -> x * x, t_news)) * sqrt(arraySum(x -> x * x, t_olds)) AS t_lengths,
        arrayAll(x -> isFinite(x), t_news) AND arrayAll(x -> isFinite(x), t_olds) AS t_usable
    FROM file({frame_path:String}, 'Parquet') WHERE true
)
GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part))
HAVING notEmpty(concat(t_slice_0, ''))
ORDER BY spec, slice, period, t_part LIMIT 200020
