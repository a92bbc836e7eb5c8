-- What windows are added up by, one row for all features of one (`detectors.feature_statistics.packed` says how they lie in
-- `state`). It is there a second time because it is read so often: a question about a year is answered by some forty of these
-- rows, where the same was eight hundred of `feature_statistics_rows`, of which ten columns were looked up each. One row is one
-- granule and mostly one block. Features that are told apart from each other stay apart: `features_key` says which they are.
CREATE TABLE {database}.feature_states
(
    project LowCardinality(String),
    dataset LowCardinality(String),
    model LowCardinality(String),
    window_key UInt64 CODEC(ZSTD(1)),
    features_key UInt64 CODEC(ZSTD(1)),
    said UInt64 CODEC(ZSTD(1)),
    window_end DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    state String CODEC(LZ4)
)
ENGINE = ReplacingMergeTree(said)
ORDER BY (project, dataset, model, window_key, features_key)
TTL toDateTime(window_end) + toIntervalDay(400) DELETE WHERE dataset = ''
SETTINGS index_granularity = 1, min_compress_block_size = 4096, max_compress_block_size = 65536, merge_with_ttl_timeout = 86400
