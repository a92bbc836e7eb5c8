-- The same rows in another order, so that windows are found by one number each, and one of them is a few granules of few
-- rows, and not the thousands of wide rows of one. `sums` is what two windows are added up by, in one column instead of twenty
-- (`SUMS` of detectors.feature_statistics.states names them), followed by the edges of the buckets of lengths where rows hold lists.
CREATE TABLE {database}.feature_statistics_moved
(
    project LowCardinality(String),
    dataset LowCardinality(String),
    model LowCardinality(String),
    version LowCardinality(String),
    window_end DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    window_start DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    slice LowCardinality(String),
    feature LowCardinality(String),
    said UInt64 CODEC(ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    position UInt32 CODEC(ZSTD(1)),
    kind LowCardinality(String),
    type LowCardinality(String),
    rows UInt64 CODEC(ZSTD(1)),
    weighted_rows Nullable(Float64) CODEC(ZSTD(1)),
    present Float64 CODEC(ZSTD(1)),
    missing Float64 CODEC(ZSTD(1)),
    value_count Float64 CODEC(ZSTD(1)),
    min_values UInt64 CODEC(ZSTD(1)),
    max_values UInt64 CODEC(ZSTD(1)),
    lengths Array(Tuple(low Float64, high Float64, count Float64)) CODEC(ZSTD(1)),
    finite Nullable(Float64) CODEC(ZSTD(1)),
    nan_count Nullable(Float64) CODEC(ZSTD(1)),
    negative_infinity Nullable(Float64) CODEC(ZSTD(1)),
    positive_infinity Nullable(Float64) CODEC(ZSTD(1)),
    zeros Nullable(Float64) CODEC(ZSTD(1)),
    mean Nullable(Float64) CODEC(ZSTD(1)),
    squared_deviations Nullable(Float64) CODEC(ZSTD(1)),
    min Nullable(Float64) CODEC(ZSTD(1)),
    max Nullable(Float64) CODEC(ZSTD(1)),
    points Array(Float64) CODEC(ZSTD(1)),
    standard_histogram Array(Tuple(low Float64, high Float64, count Float64)) CODEC(ZSTD(1)),
    quantiles_histogram Array(Tuple(low Float64, high Float64, count Float64)) CODEC(ZSTD(1)),
    unique Nullable(UInt64) CODEC(ZSTD(1)),
    unique_exact Bool CODEC(ZSTD(1)),
    total_bytes Nullable(Float64) CODEC(ZSTD(1)),
    shortest Nullable(UInt64) CODEC(ZSTD(1)),
    longest Nullable(UInt64) CODEC(ZSTD(1)),
    invalid_utf8 Nullable(UInt64) CODEC(ZSTD(1)),
    top_values Array(String) CODEC(ZSTD(3)),
    top_frequencies Array(Float64) CODEC(ZSTD(1)),
    weighted String CODEC(ZSTD(3)),
    window_key UInt64 MATERIALIZED cityHash64(
        toString(version), toString(slice), toUnixTimestamp64Nano(window_start), toUnixTimestamp64Nano(window_end)
    ) CODEC(ZSTD(1)),
    sums Array(Float64) MATERIALIZED arrayConcat(
        [
            present, missing, value_count, toFloat64(min_values), toFloat64(max_values), ifNull(finite, nan),
            ifNull(nan_count, 0), ifNull(negative_infinity, 0), ifNull(positive_infinity, 0), ifNull(zeros, 0),
            ifNull(mean, nan), ifNull(squared_deviations, nan), ifNull(min, nan), ifNull(max, nan),
            ifNull(toFloat64(unique), nan), toFloat64(unique_exact), ifNull(total_bytes, 0),
            toFloat64(ifNull(shortest, 0)), toFloat64(ifNull(longest, 0)), toFloat64(ifNull(invalid_utf8, 0))
        ],
        if(max_values < 2 OR empty(lengths), [], arrayPushFront(tupleElement(lengths, 'high'), lengths[1].low))
    ) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(said)
PARTITION BY toYear(window_end)
ORDER BY (project, dataset, model, window_key, version, slice, window_start, window_end, feature)
TTL toDateTime(window_end) + toIntervalDay(400) DELETE WHERE dataset = ''
SETTINGS index_granularity = 16, min_compress_block_size = 16384, max_compress_block_size = 65536
