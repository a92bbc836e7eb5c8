SELECT spec, slice, period, part, group, groupArray(at) AS scores, groupArray(yes) AS positives,
    groupArray(no) AS negatives, sum(n) AS rows, sum(marked) AS labelled
FROM (
    SELECT indexOf([notEmpty(t_slice_0)], 1) - 1 AS spec, concat(t_slice_0, '') AS slice, t_period AS period, t_part AS part,
        t_pair.1 AS group, if(isFinite(t_place), (t_place - 0.5) / 10000, t_place) AS at, sumIf(t_w * t_pair.4, t_pair.3 = 1) AS yes,
        sumIf(t_w * t_pair.4, t_pair.3 = 0) AS no, count() AS n, countIf(t_pair.3 = 1) AS marked
    FROM (
        SELECT *, arrayJoin(arrayPushFront(if(t_known AND arrayAll(s -> isFinite(s), t_scores),
                [('all', t_scores[1], toUInt8(ifNull(t_label, 0)), 1.)], []), ('', nan, toUInt8(t_known), 0.))) AS t_pair,
            t_pair.2 AS t_score, if(isFinite(t_score), ceil(t_score * 10000), t_score) AS t_place
        FROM (
            SELECT materialize('[]') AS t_slice_0, toInt64(0) AS t_period,
                cityHash64(_row_number) % 20 AS t_part,
                toFloat64(1) AS t_w, if(isNaN(CAST(`label`, 'Nullable(Float64)')), NULL, CAST(CAST(`label`, 'Nullable(Float64)') = 1, 'Nullable(UInt8)')) AS t_label,
                isNotNull(t_label) AS t_known, CAST([ifNull(CAST(`score`, 'Nullable(Float64)'), nan)], 'Array(Float64)') AS t_scores,
                arraySort((i, s) -> -s, arrayEnumerate(t_scores), t_scores) AS t_order
            FROM file({frame_path:String}, 'Parquet') WHERE true
        )
    )
    GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part, t_pair.1, t_place))
HAVING notEmpty(concat(t_slice_0, ''))
)
GROUP BY spec, slice, period, part, group ORDER BY spec, slice, period, part, group
LIMIT 400040
