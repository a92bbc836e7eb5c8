-- One row per delivery of a record that tells of an error. Whatever tells of one occurrence (a span and its parents, a
-- span and a log record, a retry) has one identity; FINAL keeps the one that knows most (docs/decisions/005-errors.md).
-- Rows that are not counted stand where a failed span of a trace would, when an exception explains it already.
CREATE TABLE {database}.error_rows
(
    project LowCardinality(String),
    identity String CODEC(ZSTD(1)),
    rank UInt64 CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    retention_days UInt16 DEFAULT 30,
    fingerprint LowCardinality(String),
    fingerprint_version UInt8,
    type LowCardinality(String),
    message String CODEC(ZSTD(3)),
    template LowCardinality(String),
    culprit LowCardinality(String),
    handled Bool,
    counted Bool DEFAULT true,
    source LowCardinality(String),
    name LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    log_id String CODEC(ZSTD(1)),
    service LowCardinality(String),
    version LowCardinality(String),
    environment LowCardinality(String),
    severity LowCardinality(String),
    user_id String CODEC(ZSTD(1)),
    stacktrace String CODEC(ZSTD(3)),
    resource LowCardinality(String),
    attr_shape LowCardinality(String),
    attr_values Array(String) CODEC(ZSTD(3)),
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_value attr_values TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toDate32(time)
ORDER BY (project, identity)
TTL toDateTime(ingested_at) + toIntervalDay(retention_days)
SETTINGS merge_with_ttl_timeout = 3600, merge_selector_base = 20
