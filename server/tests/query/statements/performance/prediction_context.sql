SELECT count() AS t_rows,
    countIf(isNotNull(CAST(`age`, 'Nullable(Float64)'))) AS n0,
    countIf(CAST(`age`, 'Nullable(Float64)') < {other_1:Float64}) AS b0,
    countIf(CAST(`age`, 'Nullable(Float64)') = {other_1:Float64}) AS s0,
    quantilesIf(0.01, 0.5, 0.99)(CAST(`age`, 'Nullable(Float64)'), isFinite(CAST(`age`, 'Nullable(Float64)'))) AS q0,
    countIf(isNotNull(CAST(`city`, 'Nullable(String)'))) AS n1,
    countIf(CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)') = {other_2:String}) AS s1,
    uniq(CAST(`city`, 'Nullable(String)')) AS d1
FROM file({frame_path:String}, 'Parquet') WHERE true AND prediction_id != {other_0:String} AND cityHash64(prediction_id) % 3 = 0
