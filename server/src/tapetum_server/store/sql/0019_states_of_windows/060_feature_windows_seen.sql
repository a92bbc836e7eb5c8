CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.feature_windows_seen TO {database}.feature_windows AS
SELECT
    project,
    dataset,
    model,
    feature_statistics_rows.version AS version,
    slice,
    feature_statistics_rows.window_start AS window_start,
    feature_statistics_rows.window_end AS window_end,
    max(feature_statistics_rows.rows) AS rows,
    max(feature_statistics_rows.said) AS said,
    max(feature_statistics_rows.ingested_at) AS ingested_at
FROM {database}.feature_statistics_rows
GROUP BY project, dataset, model, version, slice, window_start, window_end
