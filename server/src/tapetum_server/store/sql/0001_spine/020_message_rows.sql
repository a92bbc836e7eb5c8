-- Text that was seen more than once, kept once per project: conversation history that an agent resends.
CREATE TABLE {database}.message_rows
(
    project LowCardinality(String),
    hash FixedString(32),
    text String CODEC(ZSTD(3)),
    version UInt64,
    expires_at DateTime('UTC'),
    INDEX text_of_message text TYPE text(tokenizer = 'unicodeWord', preprocessor = lower(text), posting_list_codec = 'bitpacking')
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project, hash)
TTL expires_at
SETTINGS merge_with_ttl_timeout = 3600, index_granularity = 256
