CREATE OR REPLACE VIEW {database}.ingest AS
SELECT
    time,
    project,
    sender,
    signal,
    sumIf(count, outcome = 'accepted') AS accepted,
    sumIf(count, outcome = 'refused') AS refused,
    sumIf(count, outcome = 'dropped') AS dropped,
    sumIf(count, outcome = 'truncated') AS truncated,
    sumIf(count, outcome = 'redacted') AS redacted,
    reason,
    place
FROM {database}.ingest_rows
GROUP BY time, project, sender, signal, reason, place
