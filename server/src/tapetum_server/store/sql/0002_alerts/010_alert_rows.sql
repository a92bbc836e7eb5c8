-- One row per change of a monitor's state. Verdicts outlive the telemetry that they are about.
CREATE TABLE {database}.alert_rows
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    alert_id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    monitor_id LowCardinality(String),
    monitor LowCardinality(String),
    severity LowCardinality(String),
    subject String CODEC(ZSTD(1)),
    labels String CODEC(ZSTD(1)),
    previous_state LowCardinality(String),
    state LowCardinality(String),
    value Nullable(Float64),
    threshold Nullable(Float64),
    evidence String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(time)
ORDER BY (project, time, alert_id)
TTL toDateTime(time) + toIntervalDay(400)
