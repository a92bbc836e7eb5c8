CREATE OR REPLACE VIEW {database}.errors AS
SELECT
    project,
    time,
    fingerprint,
    type,
    message,
    template,
    culprit,
    handled,
    source,
    name,
    trace_id,
    span_id,
    log_id,
    service,
    version,
    environment,
    severity,
    user_id,
    stacktrace,
    {attributes:error_rows} AS attributes,
    {attribute_types:error_rows} AS attribute_types,
    {pairs:resource} AS resource_attributes,
    identity AS error_id,
    fingerprint_version,
    ingested_at
FROM {database}.error_rows FINAL
WHERE error_rows.counted
