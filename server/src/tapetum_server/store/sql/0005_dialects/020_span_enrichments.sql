-- Several records say something of one span: one row each. `record` orders those that are one message each.
ALTER TABLE {database}.span_enrichments
    ADD COLUMN IF NOT EXISTS record String,
    ADD COLUMN IF NOT EXISTS input_message String CODEC(ZSTD(3)),
    ADD COLUMN IF NOT EXISTS output_message String CODEC(ZSTD(3)),
    ADD COLUMN IF NOT EXISTS response_model String,
    ADD COLUMN IF NOT EXISTS finish_reason String,
    ADD COLUMN IF NOT EXISTS output_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS reasoning_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS cache_read_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS cache_write_tokens Nullable(UInt64),
    ADD COLUMN IF NOT EXISTS reported_cost_usd Nullable(Float64),
    ADD INDEX IF NOT EXISTS text_of_messages concat(input_message, ' ', output_message) TYPE text(tokenizer = 'unicodeWord', preprocessor = lower(concat(input_message, ' ', output_message)), posting_list_codec = 'bitpacking'),
    MODIFY ORDER BY (project, trace_id, span_id, record)
