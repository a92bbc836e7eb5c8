SELECT count() AS pairs, countIf(known) AS labelled, avg(abs(other_output - one_output)) AS apart,
    avgIf(e_one, known) AS one_absolute, avgIf(e_other, known) AS other_absolute,
    varSampIf(e_other - e_one, known) AS absolute
FROM (SELECT one_output, other_output, abs(one_output - label_value) AS e_one, abs(other_output - label_value) AS e_other, ifNull(isFinite(label_value), 0) AS known FROM (SELECT t_key AS pair_key, t_one.1 AS one_id, t_one.2 AS one_answer, t_one.3 AS one_score,
    t_one.4 AS one_output, t_other.1 AS other_id, t_other.2 AS other_answer, t_other.3 AS other_score,
    t_other.4 AS other_output, if(t_one.5 != '', t_one.5, t_other.5) AS truth, ifNull(t_one.6, t_other.6) AS label_value
FROM (SELECT t_key, t_row AS t_one FROM (SELECT trace_id AS t_key,
    argMax((prediction_id, multiIf(NOT isFinite(ifNull(score, nan)), '', score > 0.5, 'yes', 'no'), score, output, multiIf(isNull(if(isNaN(label_value), NULL, CAST(label_value = 1, 'Nullable(UInt8)'))), '', if(isNaN(label_value), NULL, CAST(label_value = 1, 'Nullable(UInt8)')) = 1, 'yes', 'no'), label_value), time) AS t_row
FROM prediction_rows WHERE version = {frame_one_0:String} AND t_key != '' AND cityHash64(t_key) % 3 = 0
GROUP BY t_key)) AS one
INNER JOIN (SELECT t_key, t_row AS t_other FROM (SELECT trace_id AS t_key,
    argMax((prediction_id, multiIf(NOT isFinite(ifNull(score, nan)), '', score > 0.5, 'yes', 'no'), score, output, multiIf(isNull(if(isNaN(label_value), NULL, CAST(label_value = 1, 'Nullable(UInt8)'))), '', if(isNaN(label_value), NULL, CAST(label_value = 1, 'Nullable(UInt8)')) = 1, 'yes', 'no'), label_value), time) AS t_row
FROM prediction_rows WHERE version = {frame_other_0:String} AND t_key != '' AND cityHash64(t_key) % 3 = 0
GROUP BY t_key)) AS other USING (t_key)) WHERE true
    AND ifNull(isFinite(one_output) AND isFinite(other_output), 0))
