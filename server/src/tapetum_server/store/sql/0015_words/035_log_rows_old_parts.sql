ALTER TABLE {database}.log_rows
    MATERIALIZE INDEX words_of_body
