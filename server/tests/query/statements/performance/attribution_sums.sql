SELECT indexOf([notEmpty(t_slice_0)], 1) - 1 AS spec, concat(t_slice_0, '') AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_usable) AS used,
    [sumIf(t_w, t_usable),
        sumIf(t_w * t_v0, t_usable),
        sumIf(abs(t_w * t_v0), t_usable)] AS sums
FROM (
    SELECT materialize('[]') AS t_slice_0, toInt64(0) AS t_period, cityHash64(_row_number) % 20 AS t_part,
        toFloat64(1) AS t_n, t_n * toFloat64(ifNull(CAST(`weight`, 'Nullable(Float64)'), 0)) AS t_w,
        toFloat64(ifNull(CAST(`age`, 'Nullable(Float64)'), 0)) AS t_v0,
        true AS t_usable
    FROM file({frame_path:String}, 'Parquet') WHERE true
)
GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part))
HAVING notEmpty(concat(t_slice_0, ''))
ORDER BY spec, slice, period, t_part LIMIT 200020
