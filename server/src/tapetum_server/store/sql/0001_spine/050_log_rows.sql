-- log_id is a hash of the record and of its position among equals in one request: a retry lands on itself.
CREATE TABLE {database}.log_rows
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    log_id FixedString(16) CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    observed_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    retention_days UInt16 DEFAULT 30,
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    service LowCardinality(String),
    scope LowCardinality(String),
    scope_version LowCardinality(String),
    scope_attributes LowCardinality(String),
    resource LowCardinality(String),
    severity_number UInt8,
    severity LowCardinality(String),
    severity_text LowCardinality(String),
    body String CODEC(ZSTD(3)),
    body_type LowCardinality(String),
    event_name LowCardinality(String),
    attr_shape LowCardinality(String),
    attr_values Array(String) CODEC(ZSTD(3)),
    flags UInt32 CODEC(ZSTD(1)),
    dropped UInt32 CODEC(ZSTD(1)),
    original_times LowCardinality(String),
    INDEX by_trace trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_value attr_values TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX text_of_body body TYPE text(tokenizer = 'unicodeWord', preprocessor = lower(body), posting_list_codec = 'bitpacking')
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate32(time)
ORDER BY (project, time, log_id)
TTL toDateTime(ingested_at) + toIntervalDay(retention_days)
SETTINGS merge_with_ttl_timeout = 3600, merge_selector_base = 20
