-- Runs behind everything else; a search of a part without the index reads the part.
ALTER TABLE {database}.span_rows
    MATERIALIZE INDEX words_of_payload
SETTINGS mutations_sync = 0
