SELECT signal, service, records, lags
FROM (
    SELECT 'traces' AS signal, toString(service) AS service, count() AS records,
        quantiles(0.5, 0.99)(
            (toUnixTimestamp64Nano(ingested_at) - toUnixTimestamp64Nano(end_time)) / 1e9) AS lags
    FROM span_rows
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND ingested_at >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND ingested_at < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND ended
    GROUP BY service
    UNION ALL
    SELECT 'logs' AS signal, toString(service) AS service, count() AS records,
        quantiles(0.5, 0.99)(
            (toUnixTimestamp64Nano(ingested_at) - toUnixTimestamp64Nano(time)) / 1e9) AS lags
    FROM log_rows
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND ingested_at >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND ingested_at < fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
    GROUP BY service
    UNION ALL
    SELECT 'metrics' AS signal, toString(service) AS service, count() AS records,
        quantiles(0.5, 0.99)(
            (toUnixTimestamp64Nano(ingested_at) - toUnixTimestamp64Nano(time)) / 1e9) AS lags
    FROM metric_rows
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND ingested_at >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND ingested_at < fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
    GROUP BY service
)
ORDER BY lags[1] DESC, service, signal
LIMIT 1500
