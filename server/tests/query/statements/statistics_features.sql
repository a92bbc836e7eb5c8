SELECT version, toUnixTimestamp64Nano(window_start) AS start_ns,
    toUnixTimestamp64Nano(window_end) AS end_ns, rows, weighted_rows, feature, kind, type, present, missing,
    value_count, min_values, max_values, lengths, finite, nan_count, negative_infinity, positive_infinity, zeros, mean,
    squared_deviations, min, max, points, standard_histogram, quantiles_histogram, unique, unique_exact, total_bytes,
    shortest, longest, invalid_utf8, top_values, top_frequencies
FROM feature_statistics_rows FINAL
WHERE project = {p0:String} AND dataset = {p1:String} AND model = {p2:String} AND slice = {p3:String} AND version = {p4:String} AND has(arrayZip({p5:Array(String)}, {p6:Array(Int64)}, {p7:Array(Int64)}), (toString(version), start_ns, end_ns))
ORDER BY start_ns, end_ns, version, position, feature
