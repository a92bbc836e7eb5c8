SELECT dataset, model, window_key, rows AS held, position,
    feature, kind, type, present, missing, value_count, min_values, max_values, lengths, finite, nan_count,
    negative_infinity, positive_infinity, zeros, mean, squared_deviations, min, max, points, standard_histogram,
    quantiles_histogram, unique, unique_exact, total_bytes, shortest, longest, invalid_utf8, top_values,
    top_frequencies
FROM feature_statistics_rows
WHERE project = {p0:String} AND ((dataset = {p1:String} AND model = {p2:String} AND window_key IN {p3:Array(UInt64)}))
ORDER BY said
SETTINGS max_threads = 1
