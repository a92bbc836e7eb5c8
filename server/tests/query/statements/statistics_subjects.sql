SELECT dataset, model, version, arraySort(groupUniqArray(200)(slice)) AS slices,
    countIf(is_hour) > 0 AS by_hours,
    toUnixTimestamp64Nano(if(by_hours, minIf(window_start, is_hour), min(window_start))) AS start_ns,
    toUnixTimestamp64Nano(if(by_hours, maxIf(window_end, is_hour), max(window_end))) AS end_ns,
    if(by_hours, uniqExactIf((window_start, window_end), is_hour), uniqExact((window_start, window_end))) AS windows,
    any(features) AS features, if(by_hours, sumIf(rows, is_hour AND is_all), maxIf(rows, is_all)) AS counted,
    toUnixTimestamp64Nano(max(ingested_at)) AS ingested_ns
FROM (
    SELECT toString(dataset) AS dataset, toString(model) AS model, toString(version) AS version,
        toString(slice) AS slice, window_start, window_end, argMax(rows, said) AS rows, max(ingested_at) AS ingested_at,
        slice = {p1:String} AS is_all,
        model != '' AND window_end = window_start + toIntervalHour(1) AS is_hour
    FROM feature_windows
    WHERE project = {p0:String}
    GROUP BY dataset, model, version, slice, window_start, window_end
) AS kept
LEFT JOIN (
    SELECT toString(dataset) AS dataset, toString(model) AS model, toString(version) AS version,
        uniqExact(feature) AS features
    FROM feature_statistics_rows
    WHERE project = {p0:String} AND (dataset, model, window_key) IN (
        SELECT dataset, model, argMax(
            cityHash64(
                toString(version), toString(slice), toUnixTimestamp64Nano(window_start),
                toUnixTimestamp64Nano(window_end)
            ),
            (window_end, window_start, slice = {p1:String})
        )
        FROM feature_windows
        WHERE project = {p0:String}
        GROUP BY dataset, model, version
    )
    GROUP BY dataset, model, version
) AS newest USING (dataset, model, version)
GROUP BY dataset, model, version
ORDER BY dataset = '', dataset, model, version
LIMIT 1000
