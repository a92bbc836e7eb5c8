-- Full text without the escapes of JSON (store/full_text.py), in new parts from here on; the next statement sees to old ones.
ALTER TABLE {database}.span_rows
    DROP INDEX IF EXISTS text_of_payload,
    ADD INDEX IF NOT EXISTS words_of_payload concat({words:input}, ' ', {words:output}) TYPE text(tokenizer = 'unicodeWord', posting_list_codec = 'bitpacking')
SETTINGS alter_sync = 0
