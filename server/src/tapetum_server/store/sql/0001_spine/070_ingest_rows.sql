-- What arrived, by minute, sender, signal, outcome and reason; counters add up when parts merge.
CREATE TABLE {database}.ingest_rows
(
    time DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    project LowCardinality(String),
    sender LowCardinality(String),
    signal LowCardinality(String),
    outcome LowCardinality(String),
    reason LowCardinality(String),
    count UInt64
)
ENGINE = SummingMergeTree(count)
PARTITION BY toYYYYMM(time)
ORDER BY (project, time, sender, signal, outcome, reason)
TTL time + toIntervalDay(90)
