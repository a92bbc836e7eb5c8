SELECT quantiles(0.5, 0.95)(latency_ms) AS latencies, avgIf(score, isFinite(score)) AS mean_score,
    avgIf(output, isFinite(output)) AS mean_output
FROM prediction_rows WHERE true
