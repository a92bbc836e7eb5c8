-- Where something was redacted: the key of an attribute, or a field. Part of the order, or sums would lose it.
ALTER TABLE {database}.ingest_rows
    ADD COLUMN IF NOT EXISTS place LowCardinality(String),
    MODIFY ORDER BY (project, time, sender, signal, outcome, reason, place)
