SELECT t_version AS version, t_step AS step, grouping(t_known) = 0 AS of_version,
    grouping(t_step) = 0 AS of_step,
    count() AS predictions, countIf(labelled) AS labelled_count, countIf(flagged) AS flagged_count,
    quantiles(0.5, 0.95)(if(labelled, dateDiff('millisecond', time, label_time) / 1000, NULL)) AS delays, quantiles(0.5, 0.95)(latency_ms) AS latencies,
    avgIf(score, isFinite(score)) AS mean_score, avgIf(output, isFinite(output)) AS mean_output,
    toUnixTimestamp64Nano(min(time)) AS first_ns, toUnixTimestamp64Nano(max(time)) AS last_ns
FROM (
    SELECT *, has({p4:Array(String)}, version) AS t_known, if(t_known, toString(version), '') AS t_version,
        intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p5:Int64}) AS t_step
    FROM (SELECT project, model, version, time, output, score, latency_ms, CAST(NOT ifNull(score >= 0 AND score <= 1, 1) OR arrayExists(p -> NOT (p >= 0 AND p <= 1), mapValues(scores)), 'Bool') AS flagged, label_time, labelled FROM prediction_rows FINAL LEFT JOIN (SELECT project, model, prediction_id, label, label_value, time AS label_time, true AS labelled FROM label_rows FINAL) AS labels USING (project, model, prediction_id))
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String}
)
GROUP BY GROUPING SETS ((t_known, t_version, t_step), (t_known, t_version), (t_step), ())
HAVING NOT of_version OR t_known
