SELECT toFloat64(ifNull(t_label, nan)) AS t_truth, t_one, t_other, count() AS n
FROM (SELECT if(isNaN(CAST(`label`, 'Nullable(Float64)')), NULL, CAST(CAST(`label`, 'Nullable(Float64)') = 1, 'Nullable(UInt8)')) AS t_label, ifNull(CAST(`score`, 'Nullable(Float64)'), nan) AS t_one, ifNull(CAST(`other`, 'Nullable(Float64)'), nan) AS t_other FROM file({frame_path:String}, 'Parquet') WHERE true)
WHERE isFinite(t_one) AND isFinite(t_other)
GROUP BY t_truth, t_one, t_other LIMIT 3000001
