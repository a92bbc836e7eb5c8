SELECT toString(model) AS model, toString(version) AS version,
    toUnixTimestamp64Nano(toDateTime64(toDateTime(toStartOfMonth(window_start), 'UTC') AS begun, 9, 'UTC')) AS start_ns,
    toUnixTimestamp64Nano(toDateTime64(begun + toIntervalMonth(1), 9, 'UTC')) AS end_ns,
    maxIf(ingested_at, window_start = toDateTime(toStartOfMonth(window_start) + toIntervalDay(10 * least(intDiv(toDayOfMonth(window_start) - 1, 10), 2)), 'UTC') AND window_end = if(toDayOfMonth(window_start) = 21, toDateTime(toStartOfMonth(window_start), 'UTC') + toIntervalMonth(1), toDateTime(window_start, 'UTC') + toIntervalDay(10))) AS counted, maxIf(ingested_at, window_start = toDateTime(toStartOfMonth(window_start), 'UTC') AND window_end = window_start + toIntervalMonth(1)) AS added_up
FROM feature_statistics_rows
WHERE project = {p0:String} AND dataset = '' AND slice = {p1:String}
GROUP BY model, version, begun
HAVING counted > added_up AND end_ns <= {p2:Int64}
ORDER BY start_ns DESC, model, version
LIMIT 200
