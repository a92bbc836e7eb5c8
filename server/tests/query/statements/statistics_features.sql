SELECT feature, kind, type, present, missing, value_count, min_values, max_values, lengths, finite,
    nan_count, negative_infinity, positive_infinity, zeros, mean, squared_deviations, min, max, points,
    standard_histogram, quantiles_histogram, unique, unique_exact, total_bytes, shortest, longest, invalid_utf8,
    top_values, top_frequencies
FROM feature_statistics_rows FINAL
WHERE project = {p0:String} AND model = {p1:String}
ORDER BY position, feature
