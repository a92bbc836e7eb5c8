SELECT toString(model) AS model, toString(version) AS version,
    toUnixTimestamp64Nano(toDateTime64(toDateTime(toStartOfQuarter(window_start), 'UTC') AS begun, 9, 'UTC')) AS start_ns,
    toUnixTimestamp64Nano(toDateTime64(begun + toIntervalMonth(3), 9, 'UTC')) AS end_ns,
    maxIf(ingested_at, window_start = toDateTime(toStartOfMonth(window_start), 'UTC') AND window_end = window_start + toIntervalMonth(1)) AS counted, maxIf(ingested_at, window_start = toDateTime(toStartOfQuarter(window_start), 'UTC') AND window_end = window_start + toIntervalMonth(3)) AS added_up
FROM feature_windows
WHERE project = {p0:String} AND dataset = '' AND slice = {p1:String}
GROUP BY model, version, begun
HAVING counted > added_up AND end_ns <= {p2:Int64}
ORDER BY start_ns DESC, model, version
LIMIT 200
