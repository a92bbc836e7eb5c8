SELECT chunk, min(start) AS first, groupArray(score) AS scores, groupArray(called) AS called,
    groupArray(n) AS rows, groupArray(yes) AS positives, groupArray(known) AS labelled
FROM (
    SELECT t_chunk AS chunk, min(t_start) AS start, t_score AS score, t_called AS called, count() AS n,
        countIf(t_label = 1) AS yes, countIf(isNotNull(t_label)) AS known
    FROM (
        SELECT toInt64(intDiv(_row_number, 250)) AS t_chunk, toInt64(0) AS t_start, assumeNotNull(CAST(`score`, 'Nullable(Float64)')) AS t_score,
            toUInt8(ifNull(CAST(CAST(`called`, 'Nullable(Bool)'), 'Nullable(UInt8)'), 0)) AS t_called, if(isNaN(CAST(`label`, 'Nullable(Float64)')), NULL, CAST(CAST(`label`, 'Nullable(Float64)') = 1, 'Nullable(UInt8)')) AS t_label
        FROM file({frame_path:String}, 'Parquet') WHERE true AND ifNull(isFinite(CAST(`score`, 'Nullable(Float64)')) AND CAST(`score`, 'Nullable(Float64)') >= 0 AND CAST(`score`, 'Nullable(Float64)') <= 1, false)
    )
    GROUP BY chunk, score, called ORDER BY chunk, score
)
GROUP BY chunk ORDER BY chunk LIMIT 10001
SETTINGS input_format_parallel_parsing = 0
