-- Which windows there are, one row each: a question looks here first for those that make up its time. Filled by the engine;
-- what is told again replaces itself, as in the table that it is filled from. Windows of a day or more stand first, and the shorter
-- ones by their day (`query.window_days`): nine of ten windows of a year are shorter, and only those near its ends are looked at.
CREATE TABLE {database}.feature_windows
(
    project LowCardinality(String),
    dataset LowCardinality(String),
    model LowCardinality(String),
    version LowCardinality(String),
    slice LowCardinality(String),
    day Int32 MATERIALIZED if(
        window_end - window_start >= 86400, 0, toInt32(intDiv(toUnixTimestamp64Nano(window_start), 86400000000000))
    ) CODEC(ZSTD(1)),
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
ORDER BY (project, dataset, model, version, slice, day, window_start, window_end)
TTL toDateTime(window_end) + toIntervalDay(400) DELETE WHERE dataset = ''
SETTINGS index_granularity = 256, merge_with_ttl_timeout = 86400
