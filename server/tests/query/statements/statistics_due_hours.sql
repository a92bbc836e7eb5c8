SELECT model, version, toUnixTimestamp64Nano(toDateTime64(hour, 9, 'UTC')) AS hour_ns,
    toUnixTimestamp64Nano(counted) > 0 AS again
FROM (
    SELECT toString(model) AS model, toString(version) AS version, toStartOfHour(time) AS hour,
        max(ingested_at) AS newest
    FROM prediction_rows
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY model, version, hour
) AS held
LEFT JOIN (
    SELECT toString(model) AS model, toString(version) AS version, toDateTime(window_start, 'UTC') AS hour,
        max(ingested_at) AS counted
    FROM feature_windows
    WHERE project = {p0:String} AND dataset = '' AND slice = {p3:String}
        AND window_end = window_start + toIntervalHour(1)
    GROUP BY model, version, hour
) AS kept USING (model, version, hour)
WHERE newest + toIntervalSecond(60) > counted
ORDER BY again, hour, model, version
LIMIT 200
