SELECT assumeNotNull(output_label) AS t_called, avgIf(score, ifNull(isFinite(score) AND score >= 0 AND score <= 1, false)) AS t_mean
FROM prediction_rows WHERE true AND isNotNull(output_label)
GROUP BY t_called ORDER BY count() DESC, t_called LIMIT 51
