ALTER TABLE {database}.span_enrichments
    DROP INDEX IF EXISTS text_of_payload,
    ADD INDEX IF NOT EXISTS words_of_payload concat({words:input}, ' ', {words:output}) TYPE text(tokenizer = 'unicodeWord', posting_list_codec = 'bitpacking'),
    DROP INDEX IF EXISTS text_of_messages,
    ADD INDEX IF NOT EXISTS words_of_messages concat({words:input_message}, ' ', {words:output_message}) TYPE text(tokenizer = 'unicodeWord', posting_list_codec = 'bitpacking')
