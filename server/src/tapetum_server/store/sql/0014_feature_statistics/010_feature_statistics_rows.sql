-- One row per feature of a data set, or of a model in a window, and slice. Said again, it replaces itself. What a data set
-- is like is what later windows are held against: it stays; a window's statistics stay longer than its predictions.
CREATE TABLE {database}.feature_statistics_rows
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
    weighted String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(said)
PARTITION BY toYYYYMM(window_end)
ORDER BY (project, dataset, model, version, window_end, window_start, slice, feature)
TTL toDateTime(window_end) + toIntervalDay(400) DELETE WHERE dataset = ''
