SELECT sumIf(t_data + t_base, t_key = '') AS t_missing,
    countIf(t_key != '' AND (t_data > 1 OR t_base > 1)) AS t_twice, arraySort(groupArraySampleIf(3, 1)(t_key, t_key != '' AND (t_data > 1 OR t_base > 1))) AS t_some_twice,
    countIf(t_key != '' AND t_base = 0) AS t_new, arraySort(groupArraySampleIf(3, 1)(t_key, t_key != '' AND t_base = 0)) AS t_some_new,
    countIf(t_key != '' AND t_data = 0) AS t_old, arraySort(groupArraySampleIf(3, 1)(t_key, t_key != '' AND t_data = 0)) AS t_some_old
FROM (SELECT t_key, countIf(t_side = 0) AS t_data, countIf(t_side = 1) AS t_base FROM (SELECT ifNull(CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)'), '') AS t_key, 0 AS t_side FROM file({frame_path:String}, 'Parquet') WHERE true
UNION ALL SELECT ifNull(CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)'), '') AS t_key, 1 AS t_side FROM file({frame_path:String}, 'Parquet') WHERE true) GROUP BY t_key)
