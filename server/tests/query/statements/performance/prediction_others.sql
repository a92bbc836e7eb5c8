SELECT count() AS t_rows
FROM file({frame_path:String}, 'Parquet') WHERE true AND prediction_id != {other_0:String}
