SELECT * EXCEPT (busy, place)
FROM (
    SELECT *, max(place) OVER () AS services
    FROM (
        SELECT *, dense_rank() OVER (ORDER BY tupleElement(busy, 2), service) AS place
        FROM (
            SELECT *, min((indexOf(['requests', 'traces', 'spans'], basis), -toInt64(if(whole = 1, requests, 0)))) OVER (PARTITION BY service) AS busy
            FROM (
SELECT service, basis, grouping(step) AS whole, step, count() AS requests, countIf(status = 'error') AS errors,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations,
    arrayMap(r -> toString(r), groupUniqArray(100)(resource)) AS resources,
    toUnixTimestamp64Nano(max(start_time)) AS last_seen
FROM (
    SELECT service, multiIf(span_kind IN ('server', 'consumer'), 'requests', parent_span_id = '', 'traces', 'spans') AS basis, intDiv(toUnixTimestamp64Nano(start_time) - {p1:Int64}, {p3:Int64}) AS step, duration_ms, status,
    resource, start_time
    FROM (SELECT project, parent_span_id, span_kind, service, start_time, status, resource, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
)
GROUP BY GROUPING SETS ((service, basis, step), (service, basis))
            )
        )
    )
)
WHERE place <= 200
