SELECT spec, slice, period, groupArray(at) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives, sum(n) AS rows, sum(known) AS labelled,
    sumIf(n, isFinite(at)) AS scored
FROM (
    SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1), notEmpty(t_slice_2), notEmpty(t_slice_3), notEmpty(t_slice_4)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, t_slice_2, t_slice_3, t_slice_4, '') AS slice, t_period AS period,
        avg(t_score) AS at, sumIf(t_weight, t_label = 1) AS yes, sumIf(t_weight, t_label = 0) AS no, count() AS n,
        countIf(isNotNull(t_label)) AS known
    FROM (
        SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)'), CAST(CAST(`shift`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_2, if(ifNull(CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)') = {p0:String}, false), toJSONString([CAST(CAST(`shift`, 'Nullable(String)'), 'Nullable(String)'), CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]), '') AS t_slice_3, if(ifNull((((CAST(`age`, 'Nullable(Float64)') >= {p1:Float64}) AND (CAST(`city`, 'Nullable(String)') IN ({p2:String}, {p3:String}))) AND (NOT isNull(CAST(`shift`, 'Nullable(String)')))), false), materialize('[]'), '') AS t_slice_4, ifNull(intDiv(toUnixTimestamp64Second(CAST(`time`, 'Nullable(DateTime64(9, \'UTC\'))')), 86400) * 86400, 0) AS t_period,
            ifNull(CAST(`score`, 'Nullable(Float64)'), nan) AS t_score, t_score AS t_place, if(isNaN(CAST(`label`, 'Nullable(Float64)')), NULL, CAST(CAST(`label`, 'Nullable(Float64)') = 1, 'Nullable(UInt8)')) AS t_label, 1 AS t_weight
        FROM file({frame_path:String}, 'Parquet') WHERE true
    )
    GROUP BY GROUPING SETS ((t_slice_0, t_period, t_place), (t_slice_1, t_period, t_place), (t_slice_2, t_period, t_place), (t_slice_3, t_period, t_place), (t_slice_4, t_period, t_place))
HAVING notEmpty(concat(t_slice_0, t_slice_1, t_slice_2, t_slice_3, t_slice_4, ''))
)
GROUP BY spec, slice, period ORDER BY spec, slice, period LIMIT 10001
