ALTER TABLE {database}.span_enrichments
    MATERIALIZE INDEX words_of_record
