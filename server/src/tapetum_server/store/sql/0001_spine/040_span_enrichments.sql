-- What log records say about a span (its prompt and answer), whichever of the two arrived first.
CREATE TABLE {database}.span_enrichments
(
    project LowCardinality(String),
    trace_id String,
    span_id String,
    input String CODEC(ZSTD(3)),
    output String CODEC(ZSTD(3)),
    version UInt64,
    expires_at DateTime('UTC'),
    INDEX text_of_payload concat(input, ' ', output) TYPE text(tokenizer = 'unicodeWord', preprocessor = lower(concat(input, ' ', output)), posting_list_codec = 'bitpacking')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project, trace_id, span_id)
TTL expires_at
SETTINGS merge_with_ttl_timeout = 3600, index_granularity = 256
