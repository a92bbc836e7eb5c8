SELECT count() AS t_pairs FROM (SELECT DISTINCT trace_id AS t_key FROM prediction_rows WHERE version = {frame_one_0:String} AND t_key != '') AS one
INNER JOIN (SELECT DISTINCT trace_id AS t_key FROM prediction_rows WHERE version = {frame_other_0:String} AND t_key != '') AS other USING (t_key)
