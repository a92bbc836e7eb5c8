-- One row per finding and window: found again in the same window it replaces itself, and where it no longer holds it is
-- withdrawn. A row without a type says that the window was looked at: how many rows it had, and how far they had come.
-- Verdicts outlive what they are about.
CREATE TABLE {database}.finding_rows
(
    project LowCardinality(String),
    subject_type LowCardinality(String),
    subject LowCardinality(String),
    version LowCardinality(String),
    window_start DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    detector LowCardinality(String),
    slice LowCardinality(String),
    feature LowCardinality(String),
    type LowCardinality(String),
    said UInt64 CODEC(ZSTD(1)),
    withdrawn Bool,
    window_end DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    severity LowCardinality(String),
    short LowCardinality(String),
    evidence String CODEC(ZSTD(3)),
    offending Array(String) CODEC(ZSTD(1)),
    value Nullable(Float64) CODEC(ZSTD(1)),
    threshold Nullable(Float64) CODEC(ZSTD(1)),
    rows UInt64 CODEC(ZSTD(1)),
    examples UInt64 CODEC(ZSTD(1)),
    first_seen DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    last_seen DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    schema_version UInt32,
    found_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    rows_filter String CODEC(ZSTD(1)),
    received UInt64 CODEC(ZSTD(1)),
    newest UInt64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(said)
PARTITION BY toYYYYMM(window_start)
ORDER BY (project, subject_type, subject, version, window_start, detector, slice, feature, type)
TTL toDateTime(window_end) + toIntervalDay(400)
