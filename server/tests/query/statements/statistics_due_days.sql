SELECT toString(model) AS model, toString(version) AS version,
    toUnixTimestamp64Nano(toDateTime64(toDateTime(toStartOfDay(window_start), 'UTC') AS begun, 9, 'UTC')) AS start_ns,
    toUnixTimestamp64Nano(toDateTime64(begun + toIntervalDay(1), 9, 'UTC')) AS end_ns,
    maxIf(ingested_at, window_start = toDateTime(toStartOfInterval(window_start, INTERVAL 12 HOUR), 'UTC') AND window_end = window_start + toIntervalHour(12)) AS counted, maxIf(ingested_at, window_start = toDateTime(toStartOfDay(window_start), 'UTC') AND window_end = window_start + toIntervalDay(1)) AS added_up
FROM feature_windows
WHERE project = {p0:String} AND dataset = '' AND slice = {p1:String}
GROUP BY model, version, begun
HAVING counted > added_up AND end_ns <= {p2:Int64}
ORDER BY start_ns DESC, model, version
LIMIT 200
