-- What a call's tokens cost, USD each: log records that add tokens later, and what a cache saved, are priced at read.
-- The tier makes prices reproducible (`tapetum reprice`).
ALTER TABLE {database}.span_rows
    ADD COLUMN IF NOT EXISTS service_tier LowCardinality(String),
    ADD COLUMN IF NOT EXISTS input_rate Nullable(Float64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cache_read_rate Nullable(Float64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cache_write_rate Nullable(Float64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS output_rate Nullable(Float64) CODEC(ZSTD(1))
