-- A point's identity is its series (who, what, labels) and its time: a retry replaces itself.
CREATE TABLE {database}.metric_rows
(
    project LowCardinality(String),
    name LowCardinality(String),
    series UInt64 CODEC(ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    start_time DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    ingested_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    retention_days UInt16 DEFAULT 30,
    type LowCardinality(String),
    unit LowCardinality(String),
    description LowCardinality(String),
    temporality LowCardinality(String),
    is_monotonic Bool,
    service LowCardinality(String),
    scope LowCardinality(String),
    scope_version LowCardinality(String),
    scope_attributes LowCardinality(String),
    resource LowCardinality(String),
    value Nullable(Float64) CODEC(ZSTD(1)),
    int_value Nullable(Int64) CODEC(ZSTD(1)),
    count Nullable(UInt64) CODEC(ZSTD(1)),
    sum Nullable(Float64) CODEC(ZSTD(1)),
    min Nullable(Float64) CODEC(ZSTD(1)),
    max Nullable(Float64) CODEC(ZSTD(1)),
    bucket_counts Array(UInt64) CODEC(ZSTD(1)),
    explicit_bounds Array(Float64) CODEC(ZSTD(1)),
    scale Int32 CODEC(ZSTD(1)),
    zero_count UInt64 CODEC(ZSTD(1)),
    zero_threshold Float64 CODEC(ZSTD(1)),
    positive_offset Int32 CODEC(ZSTD(1)),
    positive_counts Array(UInt64) CODEC(ZSTD(1)),
    negative_offset Int32 CODEC(ZSTD(1)),
    negative_counts Array(UInt64) CODEC(ZSTD(1)),
    quantile_levels Array(Float64) CODEC(ZSTD(1)),
    quantile_values Array(Float64) CODEC(ZSTD(1)),
    attr_shape LowCardinality(String),
    attr_values Array(String) CODEC(ZSTD(1)),
    exemplars String CODEC(ZSTD(1)),
    flags UInt32 CODEC(ZSTD(1)),
    original_times LowCardinality(String)
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toDate32(time)
ORDER BY (project, name, series, time)
TTL toDateTime(ingested_at) + toIntervalDay(retention_days)
SETTINGS merge_with_ttl_timeout = 3600, merge_selector_base = 20
