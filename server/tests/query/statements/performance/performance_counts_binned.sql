SELECT spec, slice, period, groupArray(at) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives, sum(n) AS rows, sum(known) AS labelled,
    sumIf(n, isFinite(at)) AS scored
FROM (
    SELECT indexOf([notEmpty(t_slice_0)], 1) - 1 AS spec, concat(t_slice_0, '') AS slice, t_period AS period,
        avg(t_score) AS at, sumIf(t_weight, t_label = 1) AS yes, sumIf(t_weight, t_label = 0) AS no, count() AS n,
        countIf(isNotNull(t_label)) AS known
    FROM (
        SELECT materialize('[]') AS t_slice_0, toInt64(0) AS t_period,
            ifNull(CAST(`score`, 'Nullable(Float64)'), nan) AS t_score, ceil(t_score * 10000) AS t_place, if(isNaN(CAST(`label`, 'Nullable(Float64)')), NULL, CAST(CAST(`label`, 'Nullable(Float64)') = 1, 'Nullable(UInt8)')) AS t_label, 1 AS t_weight
        FROM file({frame_path:String}, 'Parquet') WHERE true
    )
    GROUP BY GROUPING SETS ((t_slice_0, t_period, t_place))
HAVING notEmpty(concat(t_slice_0, ''))
)
GROUP BY spec, slice, period ORDER BY spec, slice, period LIMIT 10001
