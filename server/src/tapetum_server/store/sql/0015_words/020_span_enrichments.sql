-- One index for all that one record says, so that one question finds it.
ALTER TABLE {database}.span_enrichments
    DROP INDEX IF EXISTS text_of_payload,
    DROP INDEX IF EXISTS text_of_messages,
    ADD INDEX IF NOT EXISTS words_of_record {words_by_record:span_enrichments} TYPE text(tokenizer = 'unicodeWord', posting_list_codec = 'bitpacking')
SETTINGS alter_sync = 0
