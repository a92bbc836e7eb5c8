-- Where a cost comes from, and why there is none (processors/cost.py).
ALTER TABLE {database}.span_rows
    ADD COLUMN IF NOT EXISTS cost_status LowCardinality(String),
    ADD COLUMN IF NOT EXISTS price_version LowCardinality(String)
