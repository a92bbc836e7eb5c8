SELECT count() AS t_rows, minIf(CAST(`score`, 'Nullable(Float64)'), isFinite(CAST(`score`, 'Nullable(Float64)'))) AS t_low,
    maxIf(CAST(`score`, 'Nullable(Float64)'), isFinite(CAST(`score`, 'Nullable(Float64)'))) AS t_high, groupUniqArrayIf(5)(CAST(CAST(`label`, 'Nullable(Float64)'), 'Nullable(String)'), isNotNull(CAST(CAST(`label`, 'Nullable(Float64)'), 'Nullable(String)')) AND lower(CAST(CAST(`label`, 'Nullable(Float64)'), 'Nullable(String)')) NOT IN ('0', '1', 'true', 'false', 'nan')) AS t_others
FROM file({frame_path:String}, 'Parquet') WHERE true
