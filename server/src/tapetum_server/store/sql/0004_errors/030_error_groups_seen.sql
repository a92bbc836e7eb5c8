CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.error_groups_seen TO {database}.error_groups AS
SELECT
    project,
    toString(error_rows.fingerprint) AS fingerprint,
    min(time) AS first_seen,
    max(time) AS last_seen,
    argMinIfState(toString(error_rows.version), time, toUInt8(version != '')) AS first_version,
    argMaxIfState(toString(error_rows.version), time, toUInt8(version != '')) AS last_version
FROM {database}.error_rows
WHERE counted
GROUP BY project, fingerprint
