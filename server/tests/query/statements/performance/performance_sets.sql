SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_known) AS labelled,
    sum(t_w) AS rows, sumIf(t_w, t_either = length(t_both)) AS exact,
    sum(t_w * length(t_both) / greatest(length(t_called), 1)) AS precision_sum,
    sum(t_w * length(t_both) / greatest(length(t_there), 1)) AS recall_sum,
    sum(t_w * if(t_either = 0, 1, length(t_both) / greatest(t_either, 1))) AS jaccard_sum,
    sumMap(t_both, arrayMap(c -> t_w, t_both)) AS both, sumMap(t_called, arrayMap(c -> t_w, t_called)) AS called, sumMap(t_there, arrayMap(c -> t_w, t_there)) AS there
FROM (
    SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period,
        0 AS t_part,
        true AS t_known,
        t_known * toFloat64(1) AS t_w,
        arrayDistinct(arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), CAST(`has`, 'Array(Nullable(String))')))) AS t_there, if(t_known, arrayDistinct(arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), CAST(`said`, 'Array(Nullable(String))')))), []) AS t_called,
        arrayIntersect(t_there, t_called) AS t_both,
        length(t_there) + length(t_called) - length(t_both) AS t_either
    FROM file({frame_path:String}, 'Parquet') WHERE true
)
GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part), (t_slice_1, t_period, t_part))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
ORDER BY spec, slice, period, t_part LIMIT 10001
