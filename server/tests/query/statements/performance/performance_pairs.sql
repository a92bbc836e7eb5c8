SELECT spec, slice, period, part, group, groupArray(at) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives, sum(n) AS rows, sum(marked) AS labelled
FROM (
    SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, t_part AS part,
        t_pair.1 AS group, avg(t_score) AS at, sumIf(t_w * t_pair.4, t_pair.3 = 1) AS yes,
        sumIf(t_w * t_pair.4, t_pair.3 = 0) AS no, count() AS n, countIf(t_pair.3 = 1) AS marked
    FROM (
        SELECT *, arrayJoin(arrayPushFront(if(t_known AND arrayAll(s -> isFinite(s), t_scores),
                arrayMap(i -> ('all', if(indexOf(t_order, i) <= 2, t_scores[i], -inf), toUInt8(has(t_label, {p0:Array(String)}[i])), 1.), arrayEnumerate(t_scores)), []), ('', nan, toUInt8(t_known), 0.))) AS t_pair,
            t_pair.2 AS t_score, t_score AS t_place
        FROM (
            SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period,
                0 AS t_part,
                toFloat64(ifNull(CAST(`weight`, 'Nullable(Float64)'), 0)) AS t_w, [ifNull(CAST(CAST(`kind`, 'Nullable(String)'), 'Nullable(String)'), '')] AS t_label,
                t_label <> [''] AS t_known, CAST([ifNull(CAST(`p_cat`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_dog`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_eel`, 'Nullable(Float64)'), nan)], 'Array(Float64)') AS t_scores,
                arraySort((i, s) -> -s, arrayEnumerate(t_scores), t_scores) AS t_order
            FROM file({frame_path:String}, 'Parquet') WHERE true
        )
    )
    GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part, t_pair.1, t_place), (t_slice_1, t_period, t_part, t_pair.1, t_place))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
)
GROUP BY spec, slice, period, part, group ORDER BY spec, slice, period, part, group
LIMIT 40004
