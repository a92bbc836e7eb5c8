SELECT t_chunk, t_version, min(t_start) AS first, groupArray(t_score) AS scores,
    groupArray(t_called) AS called, groupArray(t_label) AS labels, groupArray(t_key) AS keys,
    groupArray(t_features) AS features, groupArray(t_codes) AS codes
FROM (SELECT toInt64(intDiv(_row_number, 250)) AS t_chunk, ifNull(CAST(`kind`, 'Nullable(String)'), '') AS t_version, toInt64(0) AS t_start,
        assumeNotNull(CAST(`score`, 'Nullable(Float64)')) AS t_score, toUInt8(ifNull(CAST(CAST(`called`, 'Nullable(Bool)'), 'Nullable(UInt8)'), 0)) AS t_called,
        ifNull(toFloat64(if(isNaN(CAST(`label`, 'Nullable(Float64)')), NULL, CAST(CAST(`label`, 'Nullable(Float64)') = 1, 'Nullable(UInt8)'))), nan) AS t_label, toInt64(cityHash64(CAST(`query`, 'Nullable(String)'), 'fold') % 9007199254740992) AS t_key,
        CAST([ifNull(CAST(`age`, 'Nullable(Float64)'), nan), if(isNull(CAST(`city`, 'Nullable(String)')), nan, toFloat64(indexOf({p0:Array(String)}, assumeNotNull(CAST(`city`, 'Nullable(String)')))) - 1)], 'Array(Float64)') AS t_features,
        CAST([if(isNull(CAST(`age`, 'Nullable(Float64)')) OR isNaN(CAST(`age`, 'Nullable(Float64)')), 0, 1 + arrayCount(e -> CAST(`age`, 'Nullable(Float64)') >= e, {p1:Array(Float64)})), if(isNull(CAST(`city`, 'Nullable(String)')), 0, if(indexOf({p0:Array(String)}, assumeNotNull(CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)'))) = 0, 2, indexOf({p0:Array(String)}, assumeNotNull(CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')))))], 'Array(UInt8)') AS t_codes
    FROM file({frame_path:String}, 'Parquet') WHERE true AND ifNull(isFinite(CAST(`score`, 'Nullable(Float64)')) AND CAST(`score`, 'Nullable(Float64)') >= 0 AND CAST(`score`, 'Nullable(Float64)') <= 1, false))
GROUP BY t_chunk, t_version ORDER BY t_chunk, t_version
SETTINGS input_format_parallel_parsing = 0
