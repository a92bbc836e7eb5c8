-- Days are toDate32: toDate ends in 2149 and wraps, and pruning would then lose rows of later times.
-- One row per delivery of a span; FINAL keeps the newest of one identity (docs/decisions/001-tables.md).
-- attr_shape names, types and places every attribute (store/attribute_shape.py); input, output and
-- attr_values may hold references into message_rows (store/messages.py).
CREATE TABLE {database}.span_rows
(
    project LowCardinality(String),
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    retention_days UInt16 DEFAULT 30,
    parent_span_id String CODEC(ZSTD(1)),
    name LowCardinality(String),
    kind LowCardinality(String),
    span_kind LowCardinality(String),
    service LowCardinality(String),
    scope LowCardinality(String),
    scope_version LowCardinality(String),
    scope_attributes LowCardinality(String),
    resource LowCardinality(String),
    ended Bool,
    end_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    status LowCardinality(String),
    status_message String CODEC(ZSTD(1)),
    operation LowCardinality(String),
    provider LowCardinality(String),
    model LowCardinality(String),
    response_id String CODEC(ZSTD(1)),
    input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    output_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    cache_read_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    cache_write_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    reasoning_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    owns_usage Bool,
    cost_usd Nullable(Float64) CODEC(ZSTD(1)),
    reported_cost_usd Nullable(Float64) CODEC(ZSTD(1)),
    ttft_ms Nullable(Float64) CODEC(ZSTD(1)),
    session_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    agent LowCardinality(String),
    tool LowCardinality(String),
    prompt_name LowCardinality(String),
    prompt_version LowCardinality(String),
    error_type LowCardinality(String),
    input String CODEC(ZSTD(3)),
    output String CODEC(ZSTD(3)),
    attr_shape LowCardinality(String),
    attr_values Array(String) CODEC(ZSTD(3)),
    events String CODEC(ZSTD(3)),
    links String CODEC(ZSTD(3)),
    trace_state LowCardinality(String),
    flags UInt32 CODEC(ZSTD(1)),
    dropped LowCardinality(String),
    original_times LowCardinality(String),
    INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_user user_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_response response_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_value attr_values TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX text_of_payload concat(input, ' ', output) TYPE text(tokenizer = 'unicodeWord', preprocessor = lower(concat(input, ' ', output)), posting_list_codec = 'bitpacking')
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate32(start_time)
ORDER BY (project, start_time, trace_id, span_id)
TTL toDateTime(ingested_at) + toIntervalDay(retention_days)
SETTINGS merge_with_ttl_timeout = 3600, merge_selector_base = 20
