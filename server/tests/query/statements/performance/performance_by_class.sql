SELECT spec, slice, period, class, groupArray(score) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives
FROM (
    SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, t_class AS class,
        t_score AS score, countIf(t_label = t_class) AS yes, countIf(t_label <> t_class) AS no
    FROM (
        SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period, ifNull(CAST(CAST(`kind`, 'Nullable(String)'), 'Nullable(String)'), '') AS t_label,
            arrayJoin(arrayZip({p0:Array(String)}, CAST([ifNull(CAST(`p_cat`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_dog`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_eel`, 'Nullable(Float64)'), nan)], 'Array(Float64)'))) AS t_pair, t_pair.1 AS t_class, t_pair.2 AS t_score
        FROM file({frame_path:String}, 'Parquet') WHERE true AND t_label <> ''
    )
    GROUP BY GROUPING SETS ((t_slice_0, t_period, t_class, t_score), (t_slice_1, t_period, t_class, t_score))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
)
GROUP BY spec, slice, period, class ORDER BY spec, slice, period, class LIMIT 2000200
