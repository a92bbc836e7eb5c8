-- One row per prediction. Its identity is project, model and prediction id within a day: FINAL does not look across
-- partitions. Features lie in maps by what they hold, with nulls in their place; rows of one layout have each feature at
-- the same position (decision 007).
CREATE TABLE {database}.prediction_rows
(
    project LowCardinality(String),
    model LowCardinality(String),
    version LowCardinality(String),
    prediction_id String CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    written UInt64 CODEC(ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    retention_days UInt16 DEFAULT 30,
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    output Nullable(Float64) CODEC(ZSTD(1)),
    output_label LowCardinality(String),
    score Nullable(Float64) CODEC(ZSTD(1)),
    scores Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    latency_ms Nullable(Float64) CODEC(ZSTD(1)),
    source LowCardinality(String),
    layout UInt64 CODEC(ZSTD(1)),
    numeric Map(LowCardinality(String), Nullable(Float64)) CODEC(ZSTD(1)),
    booleans Map(LowCardinality(String), Nullable(Bool)) CODEC(ZSTD(1)),
    categorical Map(LowCardinality(String), Nullable(String)) CODEC(ZSTD(1)),
    texts Map(LowCardinality(String), Nullable(String)) CODEC(ZSTD(3)),
    number_lists Map(LowCardinality(String), Array(Nullable(Float64))) CODEC(ZSTD(1)),
    text_lists Map(LowCardinality(String), Array(Nullable(String))) CODEC(ZSTD(1)),
    nulls Array(LowCardinality(String)) CODEC(ZSTD(1)),
    embedding Array(Float32) CODEC(ZSTD(1)),
    tags Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    INDEX by_prediction prediction_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(written)
PARTITION BY toDate32(time)
ORDER BY (project, model, prediction_id)
TTL toDateTime(ingested_at) + toIntervalDay(retention_days)
SETTINGS merge_with_ttl_timeout = 3600
