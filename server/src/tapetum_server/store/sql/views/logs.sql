CREATE OR REPLACE VIEW {database}.logs AS
SELECT
    project,
    time,
    observed_time,
    ingested_at,
    trace_id,
    span_id,
    service,
    scope,
    severity_number,
    severity,
    body,
    event_name,
    {attributes:log_rows} AS attributes,
    {attribute_types:log_rows} AS attribute_types,
    {pairs:resource} AS resource_attributes,
    flags,
    dropped,
    lower(hex(log_id)) AS log_id,
    body_type,
    severity_text,
    scope_version
FROM {database}.log_rows FINAL
