SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, count() AS rows,
    countIf(t_either = length(t_both)) AS exact, sum(length(t_both) / greatest(length(t_called), 1)) AS precision_sum,
    sum(length(t_both) / greatest(length(t_there), 1)) AS recall_sum,
    sum(if(t_either = 0, 1, length(t_both) / greatest(t_either, 1))) AS jaccard_sum,
    sumMap(t_both, arrayMap(c -> toUInt64(1), t_both)) AS both, sumMap(t_called, arrayMap(c -> toUInt64(1), t_called)) AS called, sumMap(t_there, arrayMap(c -> toUInt64(1), t_there)) AS there
FROM (
    SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period, arrayDistinct(arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), CAST(`has`, 'Array(Nullable(String))')))) AS t_there,
        arrayDistinct(arrayMap(c -> assumeNotNull(c), arrayFilter(c -> isNotNull(c), CAST(`said`, 'Array(Nullable(String))')))) AS t_called, arrayIntersect(t_there, t_called) AS t_both,
        length(t_there) + length(t_called) - length(t_both) AS t_either
    FROM file({frame_path:String}, 'Parquet') WHERE true
)
GROUP BY GROUPING SETS ((t_slice_0, t_period), (t_slice_1, t_period))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
ORDER BY spec, slice, period LIMIT 10001
