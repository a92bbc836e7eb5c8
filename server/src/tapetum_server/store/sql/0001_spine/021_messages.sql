-- Looks a message up by hash, only for the rows whose text a query really reads.
CREATE DICTIONARY {database}.messages (project String, hash String, text String)
PRIMARY KEY project, hash
SOURCE(CLICKHOUSE(DB '{database}' TABLE 'message_rows'{credentials}))
LAYOUT(COMPLEX_KEY_DIRECT())
