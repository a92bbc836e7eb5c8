CREATE OR REPLACE VIEW {database}.labels AS
SELECT
    project,
    model,
    prediction_id,
    label,
    label_value,
    time,
    arrived_at
FROM {database}.label_rows FINAL
