CREATE OR REPLACE VIEW {database}.alerts AS
SELECT
    project,
    monitor,
    state,
    subject,
    time AS started_at,
    leadInFrame(toNullable(time)) OVER (
        PARTITION BY project, monitor_id, subject ORDER BY time, alert_id
        ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
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
