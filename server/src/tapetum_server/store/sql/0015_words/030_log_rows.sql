ALTER TABLE {database}.log_rows
    DROP INDEX IF EXISTS text_of_body,
    ADD INDEX IF NOT EXISTS words_of_body {words:body} TYPE text(tokenizer = 'unicodeWord', posting_list_codec = 'bitpacking')
SETTINGS alter_sync = 0
