-- One row per recorded change. Its identity is what it says and when: a retry replaces itself. Changes outlive telemetry.
CREATE TABLE {database}.change_rows
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    change_id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    kind LowCardinality(String),
    subject LowCardinality(String),
    before String CODEC(ZSTD(1)),
    after String CODEC(ZSTD(1)),
    source LowCardinality(String),
    attributes String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(time)
ORDER BY (project, time, change_id)
TTL toDateTime(time) + toIntervalDay(400)
