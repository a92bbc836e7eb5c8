ALTER TABLE {database}.log_rows
    MATERIALIZE INDEX words_of_body
SETTINGS mutations_sync = 0
