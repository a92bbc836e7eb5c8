SELECT spec, slice, period, part, groupArray(label) AS labels, groupArray(guess) AS called,
    groupArray(rank) AS ranks, groupArray(w) AS weights, sum(n) AS rows, sumIf(n, label <> '') AS labelled,
    sum(surprises) AS surprise
FROM (
    SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, t_part AS part, t_label AS label,
        t_guess AS guess, t_rank AS rank, count() AS n, sum(t_w) AS w,
        sumIf(t_w * t_surprise, t_label <> '') AS surprises
    FROM (
        SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period,
            0 AS t_part,
            toFloat64(1) AS t_w, ifNull(CAST(CAST(`kind`, 'Nullable(String)'), 'Nullable(String)'), '') AS t_label,
            CAST([ifNull(CAST(`p_cat`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_dog`, 'Nullable(Float64)'), nan), ifNull(CAST(`p_eel`, 'Nullable(Float64)'), nan)], 'Array(Float64)') AS t_scores, {p0:Array(String)}[indexOf(t_scores, arrayMax(t_scores))] AS t_guess, arrayCount(s -> s > t_scores[indexOf({p0:Array(String)}, t_label)], t_scores) AS t_rank, -log(least(greatest(t_scores[indexOf({p0:Array(String)}, t_label)] / arraySum(t_scores), 1e-15), 1 - 1e-15)) AS t_surprise
        FROM file({frame_path:String}, 'Parquet') WHERE true
    )
    GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part, t_label, t_guess, t_rank), (t_slice_1, t_period, t_part, t_label, t_guess, t_rank))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
)
GROUP BY spec, slice, period, part ORDER BY spec, slice, period, part
LIMIT 10001
