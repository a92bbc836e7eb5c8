-- When each version of a service was seen first. The earliest time wins, so records that come late, twice or from an
-- import put a deploy where it was.
CREATE TABLE {database}.release_rows
(
    project LowCardinality(String),
    service LowCardinality(String),
    environment LowCardinality(String),
    release String,
    first_seen SimpleAggregateFunction(min, DateTime64(9, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, service, environment, release)
TTL toDateTime(first_seen) + toIntervalDay(400)
