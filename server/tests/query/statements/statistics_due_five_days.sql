SELECT toString(model) AS model, toString(version) AS version,
    toUnixTimestamp64Nano(toDateTime64(toDateTime(toStartOfMonth(window_start) + toIntervalDay(5 * least(intDiv(toDayOfMonth(window_start) - 1, 5), 5)), 'UTC') AS begun, 9, 'UTC')) AS start_ns,
    toUnixTimestamp64Nano(toDateTime64(if(toDayOfMonth(begun) = 26, toDateTime(toStartOfMonth(begun), 'UTC') + toIntervalMonth(1), toDateTime(begun, 'UTC') + toIntervalDay(5)), 9, 'UTC')) AS end_ns,
    maxIf(ingested_at, window_start = toDateTime(toStartOfDay(window_start), 'UTC') AND window_end = window_start + toIntervalDay(1)) AS counted, maxIf(ingested_at, window_start = toDateTime(toStartOfMonth(window_start) + toIntervalDay(5 * least(intDiv(toDayOfMonth(window_start) - 1, 5), 5)), 'UTC') AND window_end = if(toDayOfMonth(window_start) = 26, toDateTime(toStartOfMonth(window_start), 'UTC') + toIntervalMonth(1), toDateTime(window_start, 'UTC') + toIntervalDay(5))) AS added_up
FROM feature_windows
WHERE project = {p0:String} AND dataset = '' AND slice = {p1:String}
GROUP BY model, version, begun
HAVING counted > added_up AND end_ns <= {p2:Int64}
ORDER BY start_ns DESC, model, version
LIMIT 200
