SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, t_part, count() AS all_rows,
    countIf(t_has_label) AS labelled, countIf(t_has_prediction) AS scored,
    sumIf(t_w, t_usable) AS rows,
    sumIf(t_w * t_y, t_usable) AS label,
    sumIf(t_w * t_p, t_usable) AS prediction,
    sumIf(t_w * t_ys * t_ys, t_usable) AS label_squared,
    sumIf(t_w * t_ps * t_ps, t_usable) AS prediction_squared,
    sumIf(t_w * t_ys * t_ps, t_usable) AS product,
    sumIf(t_w * t_ys, t_usable) AS shifted_label,
    sumIf(t_w * t_ps, t_usable) AS shifted_prediction,
    sumIf(t_w * abs(t_p - t_y), t_usable) AS absolute_error,
    sumIf(t_w * (t_p - t_y) * (t_p - t_y), t_usable) AS squared_error,
    sumIf(t_w * abs(t_y), t_usable) AS absolute_label,
    sumIf(if(t_y = 0, 0, t_w * abs(t_p - t_y) / abs(t_y)), t_usable) AS relative_error,
    sumIf(t_w * (t_y <> 0), t_usable) AS nonzero,
    sumIf(if(t_y = 0 AND t_p = 0, 0, t_w * 2 * abs(t_p - t_y) / (abs(t_y) + abs(t_p))), t_usable) AS symmetric_error,
    sumIf(t_w * (t_y > -1 AND t_p > -1), t_usable) AS log_rows,
    sumIf(if(t_y > -1 AND t_p > -1, t_w * pow(log1p(greatest(t_p, -1)) - log1p(greatest(t_y, -1)), 2), 0), t_usable) AS squared_log_error,
    quantileExactInclusiveIf(0.5)(abs(t_p - t_y), t_usable) AS median_absolute_error,
    maxIf(abs(t_p - t_y), t_usable) AS max_error
FROM (
    SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period, 0 AS t_part,
        ifNull(CAST(`age`, 'Nullable(Float64)'), nan) AS t_y, ifNull(CAST(`guess`, 'Nullable(Float64)'), nan) AS t_p, isFinite(t_y) AS t_has_label,
        isFinite(t_p) AS t_has_prediction, t_has_label AND t_has_prediction AS t_usable,
        toFloat64(ifNull(CAST(`weight`, 'Nullable(Float64)'), 0)) AS t_w, t_y - {p0:Float64} AS t_ys, t_p - {p0:Float64} AS t_ps
    FROM file({frame_path:String}, 'Parquet') WHERE true
)
GROUP BY GROUPING SETS ((t_slice_0, t_period, t_part), (t_slice_1, t_period, t_part))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
ORDER BY spec, slice, period, t_part LIMIT 10001
