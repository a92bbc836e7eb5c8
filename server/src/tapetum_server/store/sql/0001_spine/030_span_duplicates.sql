-- A span that reports a call which another span owns already (same response id). Usage counts once.
CREATE TABLE {database}.span_duplicates
(
    project LowCardinality(String),
    trace_id String,
    span_id String,
    duplicate_of String,
    response_id String,
    version UInt64,
    expires_at DateTime('UTC')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project, trace_id, span_id)
TTL expires_at
SETTINGS merge_with_ttl_timeout = 3600, index_granularity = 256
