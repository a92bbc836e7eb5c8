-- Fields that emitters' tables fill (processors/emitters), and how log records find the span (store/enrichments.py).
ALTER TABLE {database}.span_rows
    ADD COLUMN IF NOT EXISTS emitter LowCardinality(String),
    ADD COLUMN IF NOT EXISTS request_model LowCardinality(String),
    ADD COLUMN IF NOT EXISTS response_model LowCardinality(String),
    ADD COLUMN IF NOT EXISTS finish_reason LowCardinality(String),
    ADD COLUMN IF NOT EXISTS streaming Bool,
    ADD COLUMN IF NOT EXISTS graph_node LowCardinality(String),
    ADD COLUMN IF NOT EXISTS tool_call_id String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS audio_input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS audio_output_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS image_input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS time_per_output_token_ms Nullable(Float64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS usage_flags LowCardinality(String),
    ADD COLUMN IF NOT EXISTS log_key String CODEC(ZSTD(1))
