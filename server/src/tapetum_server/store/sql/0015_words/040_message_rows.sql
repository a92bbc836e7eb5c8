ALTER TABLE {database}.message_rows
    DROP INDEX IF EXISTS text_of_message,
    ADD INDEX IF NOT EXISTS words_of_message {words:text} TYPE text(tokenizer = 'unicodeWord', posting_list_codec = 'bitpacking')
SETTINGS alter_sync = 0
