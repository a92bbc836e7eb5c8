ALTER TABLE {database}.span_enrichments
    MATERIALIZE INDEX words_of_payload,
    MATERIALIZE INDEX words_of_messages
