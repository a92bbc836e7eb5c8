CREATE OR REPLACE VIEW {database}.findings AS
SELECT
    toString(finding_rows.project) AS project,
    toString(finding_rows.detector) AS detector,
    toString(finding_rows.subject_type) AS subject_type,
    toString(finding_rows.subject) AS subject,
    toString(finding_rows.version) AS version,
    toString(finding_rows.feature) AS feature,
    toString(finding_rows.slice) AS slice,
    toString(finding_rows.type) AS type,
    window_start,
    window_end,
    value,
    threshold,
    toString(finding_rows.severity) AS severity,
    toString(finding_rows.short) AS short,
    evidence,
    offending,
    rows,
    examples,
    first_seen,
    last_seen,
    schema_version,
    found_at,
    rows_filter
FROM {database}.finding_rows FINAL
WHERE finding_rows.type != '' AND NOT finding_rows.withdrawn
