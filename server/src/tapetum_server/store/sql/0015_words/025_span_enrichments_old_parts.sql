ALTER TABLE {database}.span_enrichments
    MATERIALIZE INDEX words_of_record
SETTINGS mutations_sync = 0
