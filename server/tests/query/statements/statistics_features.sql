SELECT multiIf((dataset = {p1:String} AND model = {p2:String} AND version = {p3:String} AND slice = {p4:String} AND window_start = fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND window_end = fromUnixTimestamp64Nano({p6:Int64}, 'UTC')), 0, (dataset = {p1:String} AND model = {p2:String} AND version = {p3:String} AND slice = {p4:String} AND window_start = fromUnixTimestamp64Nano({p6:Int64}, 'UTC') AND window_end = fromUnixTimestamp64Nano({p7:Int64}, 'UTC')), 1, 0) AS place, rows AS held, feature, kind, type, present, missing, value_count, min_values,
    max_values, lengths, finite, nan_count, negative_infinity, positive_infinity, zeros, mean, squared_deviations, min,
    max, points, standard_histogram, quantiles_histogram, unique, unique_exact, total_bytes, shortest, longest,
    invalid_utf8, top_values, top_frequencies
FROM feature_statistics_rows FINAL
WHERE project = {p0:String} AND ((dataset = {p1:String} AND model = {p2:String} AND version = {p3:String} AND slice = {p4:String} AND window_start = fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND window_end = fromUnixTimestamp64Nano({p6:Int64}, 'UTC')) OR (dataset = {p1:String} AND model = {p2:String} AND version = {p3:String} AND slice = {p4:String} AND window_start = fromUnixTimestamp64Nano({p6:Int64}, 'UTC') AND window_end = fromUnixTimestamp64Nano({p7:Int64}, 'UTC')))
ORDER BY place, position, feature
