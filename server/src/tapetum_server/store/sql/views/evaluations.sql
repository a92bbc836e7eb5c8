CREATE OR REPLACE VIEW {database}.evaluations AS
SELECT
    project,
    name,
    target_type,
    target_id,
    trace_id,
    span_id,
    slice,
    score,
    label,
    lower,
    upper,
    threshold,
    explanation,
    comment,
    expected_output,
    evaluator,
    source,
    time,
    updated_at,
    response_id,
    {attributes:evaluation_rows} AS attributes,
    evaluation_id,
    ingested_at
FROM {database}.evaluation_rows FINAL
WHERE NOT evaluation_rows.withdrawn
