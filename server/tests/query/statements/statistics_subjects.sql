SELECT dataset, model, version, arraySort(groupUniqArray(200)(slice)) AS slices,
    toUnixTimestamp64Nano(min(window_start)) AS start_ns, toUnixTimestamp64Nano(max(window_end)) AS end_ns,
    uniqExact(window_start, window_end) AS windows, uniqExact(feature) AS features,
    maxIf(rows, slice = {p0:String}) AS most, toUnixTimestamp64Nano(max(ingested_at)) AS ingested_ns
FROM feature_statistics_rows FINAL
WHERE project = {p1:String}
GROUP BY dataset, model, version
ORDER BY dataset = '', dataset, model, version
LIMIT 1000
