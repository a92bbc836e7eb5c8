-- One row per delivery of an evaluation; FINAL keeps what was said last of one identity. FINAL does not look across
-- partitions, so an evaluation keeps the time at which it was said first (store/standing.py).
CREATE TABLE {database}.evaluation_rows
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    evaluation_id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    updated_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    retention_days UInt16 DEFAULT 30,
    withdrawn Bool,
    name LowCardinality(String),
    target_type LowCardinality(String),
    target_id String CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    response_id String CODEC(ZSTD(1)),
    slice LowCardinality(String),
    score Nullable(Float64) CODEC(ZSTD(1)),
    label LowCardinality(String),
    lower Nullable(Float64) CODEC(ZSTD(1)),
    upper Nullable(Float64) CODEC(ZSTD(1)),
    threshold Nullable(Float64) CODEC(ZSTD(1)),
    explanation String CODEC(ZSTD(3)),
    comment String CODEC(ZSTD(3)),
    expected_output String CODEC(ZSTD(3)),
    evaluator LowCardinality(String),
    source LowCardinality(String),
    resource LowCardinality(String),
    attr_shape LowCardinality(String),
    attr_values Array(String) CODEC(ZSTD(3)),
    INDEX by_evaluation evaluation_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_target target_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_response response_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate32(time)
ORDER BY (project, time, evaluation_id)
TTL toDateTime(ingested_at) + toIntervalDay(retention_days)
SETTINGS merge_with_ttl_timeout = 3600
