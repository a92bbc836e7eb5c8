-- Since when and until when each error was seen, and in which versions first and last. Earliest and latest stay true
-- however often and in whatever order a record is delivered. It outlives the occurrences: an error that comes back after
-- their retention is not new.
CREATE TABLE {database}.error_groups
(
    project LowCardinality(String),
    fingerprint String,
    first_seen SimpleAggregateFunction(min, DateTime64(9, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(9, 'UTC')),
    first_version AggregateFunction(argMinIf, String, DateTime64(9, 'UTC'), UInt8),
    last_version AggregateFunction(argMaxIf, String, DateTime64(9, 'UTC'), UInt8)
)
ENGINE = AggregatingMergeTree
ORDER BY (project, fingerprint)
TTL toDateTime(last_seen) + toIntervalDay(400)
