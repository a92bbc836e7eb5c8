CREATE DICTIONARY {database}.duplicates (project String, trace_id String, span_id String, duplicate_of String)
PRIMARY KEY project, trace_id, span_id
SOURCE(CLICKHOUSE(DB '{database}' TABLE 'span_duplicates'{credentials}))
LAYOUT(COMPLEX_KEY_DIRECT())
