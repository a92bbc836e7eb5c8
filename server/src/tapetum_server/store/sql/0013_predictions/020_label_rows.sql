-- One row per label; of one prediction's the one that was said last stays. It may come before its prediction, and has no
-- partition in time: FINAL would not find a correction of another day.
CREATE TABLE {database}.label_rows
(
    project LowCardinality(String),
    model LowCardinality(String),
    prediction_id String CODEC(ZSTD(1)),
    said UInt64 CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    arrived_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    retention_days UInt16 DEFAULT 30,
    label LowCardinality(String),
    label_value Nullable(Float64) CODEC(ZSTD(1)),
    INDEX by_arrival arrived_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(said)
ORDER BY (project, model, prediction_id)
TTL toDateTime(arrived_at) + toIntervalDay(retention_days)
SETTINGS merge_with_ttl_timeout = 3600
