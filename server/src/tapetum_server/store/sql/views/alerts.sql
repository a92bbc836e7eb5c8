CREATE OR REPLACE VIEW {database}.alerts AS
SELECT
    project,
    monitor,
    state,
    if(alert_rows.state = 'error' OR previous_state = 'error', 'looking', alert_rows.subject) AS subject,
    time AS started_at,
    leadInFrame(toNullable(time)) OVER (
        PARTITION BY project, monitor_id, alert_rows.labels, alert_rows.state = 'error' OR previous_state = 'error'
        ORDER BY time, alert_id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    ) AS ended_at,
    value,
    threshold,
    severity,
    evidence,
    previous_state,
    JSONExtract(alert_rows.labels, 'Map(String, String)') AS labels,
    monitor_id,
    alert_id
FROM {database}.alert_rows FINAL
