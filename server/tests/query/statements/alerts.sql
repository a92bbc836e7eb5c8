SELECT alert_id, monitor_id, monitor, severity, if(looking, 'looking', subject) AS series,
    previous_state, state,
    toUnixTimestamp64Nano(time) AS start_ns, toUnixTimestamp64Nano(ended) AS end_ns, value, threshold, evidence
FROM (
    SELECT *, alert_rows.state = 'error' OR alert_rows.previous_state = 'error' AS looking, leadInFrame(toNullable(time)) OVER (
        PARTITION BY monitor_id, labels, alert_rows.state = 'error' OR alert_rows.previous_state = 'error'
        ORDER BY time, alert_id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    ) AS ended
    FROM alert_rows FINAL
    WHERE project = {p0:String} AND monitor_id = {p1:String} AND time >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
)
WHERE time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
ORDER BY time DESC, alert_id
LIMIT {p4:Int64}
