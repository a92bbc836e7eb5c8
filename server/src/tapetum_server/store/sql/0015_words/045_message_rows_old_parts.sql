ALTER TABLE {database}.message_rows
    MATERIALIZE INDEX words_of_message
SETTINGS mutations_sync = 0
