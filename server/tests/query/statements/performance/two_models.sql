SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_usable) AS used,
    [sumIf(t_n, t_usable),
        sumIf(t_w, t_usable),
        sumIf(t_n * arraySum((x, y) -> x * y, t_news, t_olds) / t_lengths, t_usable),
        sumIf(t_n * (t_lengths = 0), t_usable),
        sumIf(t_w * if(2 * abs(t_old - t_new) < 1e-7 AND abs(t_old + t_new) < 1e-7, 0, 2 * abs(t_old - t_new) / abs(t_old + t_new)), t_usable),
        sumIf(t_n * (NOT (2 * abs(t_old - t_new) < 1e-7 AND abs(t_old + t_new) < 1e-7) AND abs(t_old + t_new) = 0), t_usable),
        sumIf(t_w * (t_old <= {at_0:Float64} AND t_new <= {at_0:Float64}), t_usable),
        sumIf(t_w * (t_old <= {at_0:Float64} AND t_new > {at_0:Float64}), t_usable),
        sumIf(t_w * (t_old > {at_0:Float64} AND t_new <= {at_0:Float64}), t_usable),
        sumIf(t_w * (t_old > {at_0:Float64} AND t_new > {at_0:Float64}), t_usable),
        sumIf(t_w * (t_old <= {at_1:Float64} AND t_new <= {at_1:Float64}), t_usable),
        sumIf(t_w * (t_old <= {at_1:Float64} AND t_new > {at_1:Float64}), t_usable),
        sumIf(t_w * (t_old > {at_1:Float64} AND t_new <= {at_1:Float64}), t_usable),
        sumIf(t_w * (t_old > {at_1:Float64} AND t_new > {at_1:Float64}), t_usable)] AS sums
FROM (
    SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period, 0 AS t_part,
        toFloat64(1) AS t_n, t_n * toFloat64(ifNull(CAST(`weight`, 'Nullable(Float64)'), 0)) AS t_w,
        [ifNull(CAST(`score`, 'Nullable(Float64)'), nan)] AS t_news,
        [ifNull(CAST(`other`, 'Nullable(Float64)'), nan)] AS t_olds,
        t_news[1] AS t_new,
        t_olds[1] AS t_old,
        sqrt(arraySum(x -> x * x, t_news)) * sqrt(arraySum(x -> x * x, t_olds)) AS t_lengths,
        arrayAll(x -> isFinite(x), t_news) AND arrayAll(x -> isFinite(x), t_olds) AS t_usable
    FROM file({frame_path:String}, 'Parquet') WHERE true
)
GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part), (t_slice_1, t_period, t_part))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
ORDER BY spec, slice, period, t_part LIMIT 10001
