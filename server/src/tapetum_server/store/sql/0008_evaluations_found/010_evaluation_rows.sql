-- Evaluations that were found in spans and log records: whose convention said so, and what was wrong with what it said.
ALTER TABLE {database}.evaluation_rows
    ADD COLUMN IF NOT EXISTS found_in LowCardinality(String),
    ADD COLUMN IF NOT EXISTS problem LowCardinality(String),
    ADD COLUMN IF NOT EXISTS raw String CODEC(ZSTD(3))
