SELECT toString(model) AS model, time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AS earlier, count() AS seen,
    count() - uniqExact(prediction_id, toDate32(time)) AS repeated, countIf(labelled) AS labelled_count,
    quantiles(0.5, 0.95)(if(labelled, dateDiff('millisecond', time, label_time) / 1000, NULL)) AS delays,
    quantiles(0.5, 0.95)(latency_ms) AS latencies, avgIf(score, isFinite(score)) AS mean_score,
    avgIf(output, isFinite(output)) AS mean_output, countIf(labelled AND answer != '') AS judged,
    countIf(labelled AND answer = toString(label)) AS right,
    uniqUpTo(50)(if(labelled AND label != '', toString(label), NULL)) AS label_kinds,
    countIf(labelled AND isFinite(abs(output - label_value))) AS off_rows, avgIf(abs(output - label_value), labelled AND isFinite(abs(output - label_value))) AS off,
    varSampIf(abs(output - label_value), labelled AND isFinite(abs(output - label_value))) AS off_variance, countIf(ifNull(isFinite(score) AND score >= 0 AND score <= 1, false)) AS probable,
    avgIf(greatest(score, 1 - score), ifNull(isFinite(score) AND score >= 0 AND score <= 1, false)) AS expected,
    countResample(0, 255, 1)(bin) AS said
FROM (
    SELECT *, multiIf(output_label != '', toString(output_label), isNotNull(output), toString(assumeNotNull(output)), isNotNull(score), if(score > 0.5, '1', '0'), '') AS answer, toUInt8(multiIf(ifNull(isFinite(score) AND score >= 0 AND score <= 1, false), least(floor(assumeNotNull(score) * 20), 19), output_label != '', 20 + cityHash64(output_label) % 64, ifNull(isFinite(output), 0), 84 + if(output < 0, 80, 0) + least(floor(log2(abs(assumeNotNull(output)) + 1) * 2), 79), 255)) AS bin
    FROM (SELECT model, prediction_id, time, latency_ms, score, output, output_label FROM (SELECT project, model, prediction_id, time, output, output_label, score, latency_ms FROM prediction_rows FINAL) WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model IN {p3:Array(String)}) AS rows
    LEFT JOIN (SELECT model, prediction_id, t_label.1 AS label, t_label.2 AS label_value, t_label.3 AS label_time,
        true AS labelled FROM (SELECT model, prediction_id, argMax((label, label_value, time), said) AS t_label
        FROM label_rows FINAL WHERE project = {p0:String} AND model IN {p3:Array(String)} GROUP BY model, prediction_id)) AS labels USING (model, prediction_id)
)
GROUP BY model, earlier
SETTINGS preferred_block_size_bytes = 16000000
