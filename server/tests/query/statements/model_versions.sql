SELECT toString(version) AS version, count() AS predictions, countIf(labelled) AS labelled_count, countIf(flagged) AS flagged_count,
    quantiles(0.5, 0.95)(if(labelled, dateDiff('millisecond', time, label_time) / 1000, NULL)) AS delays, quantiles(0.5, 0.95)(latency_ms) AS latencies,
    avgIf(score, isFinite(score)) AS mean_score, avgIf(output, isFinite(output)) AS mean_output,
    toUnixTimestamp64Nano(min(time)) AS first_ns, toUnixTimestamp64Nano(max(time)) AS last_ns
FROM (SELECT project, model, version, time, output, score, latency_ms, CAST(notEmpty(arrayFilter(flag -> flag != '', [if(NOT isFinite(ifNull(prediction_rows.score, 0)), 'score_not_finite', ''), if(prediction_rows.score < 0 OR prediction_rows.score > 1, 'score_outside_0_1', ''), if(arrayExists(p -> NOT isFinite(p), mapValues(prediction_rows.scores)), 'scores_not_finite', ''), if(arrayExists(p -> p < 0 OR p > 1, mapValues(prediction_rows.scores)), 'scores_outside_0_1', '')])), 'Bool') AS flagged, label_time, labelled FROM prediction_rows FINAL LEFT JOIN (SELECT project, model, prediction_id, label, label_value, time AS label_time, true AS labelled FROM label_rows FINAL) AS labels USING (project, model, prediction_id))
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String}
GROUP BY version
ORDER BY last_ns DESC, version
LIMIT 50
