-- Which windows there are, one row each: a question looks here first for those that make up its time. Filled by the engine;
-- what is told again replaces itself, as in the table that it is filled from.
CREATE TABLE {database}.feature_windows
(
    project LowCardinality(String),
    dataset LowCardinality(String),
    model LowCardinality(String),
    version LowCardinality(String),
    slice LowCardinality(String),
    window_start DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    window_end DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    rows UInt64 CODEC(ZSTD(1)),
    said UInt64 CODEC(ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    window_key UInt64 MATERIALIZED cityHash64(
        toString(version), toString(slice), toUnixTimestamp64Nano(window_start), toUnixTimestamp64Nano(window_end)
    ) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(said)
PARTITION BY toYear(window_end)
ORDER BY (project, dataset, model, version, slice, window_start, window_end)
TTL toDateTime(window_end) + toIntervalDay(400) DELETE WHERE dataset = ''
SETTINGS index_granularity = 1024
