INSERT INTO {database}.feature_statistics_moved
(
    project, dataset, model, version, window_end, window_start, slice, feature, said, ingested_at, position, kind,
    type, rows, weighted_rows, present, missing, value_count, min_values, max_values, lengths, finite, nan_count,
    negative_infinity, positive_infinity, zeros, mean, squared_deviations, min, max, points, standard_histogram,
    quantiles_histogram, unique, unique_exact, total_bytes, shortest, longest, invalid_utf8, top_values,
    top_frequencies, weighted
)
SELECT
    project, dataset, model, version, window_end, window_start, slice, feature, said, ingested_at, position, kind,
    type, rows, weighted_rows, present, missing, value_count, min_values, max_values, lengths, finite, nan_count,
    negative_infinity, positive_infinity, zeros, mean, squared_deviations, min, max, points, standard_histogram,
    quantiles_histogram, unique, unique_exact, total_bytes, shortest, longest, invalid_utf8, top_values,
    top_frequencies, weighted
FROM {database}.feature_statistics_rows
