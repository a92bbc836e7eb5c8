CREATE DICTIONARY {database}.enrichments (project String, trace_id String, span_id String, input String, output String)
PRIMARY KEY project, trace_id, span_id
SOURCE(CLICKHOUSE(DB '{database}' TABLE 'span_enrichments'{credentials}))
LAYOUT(COMPLEX_KEY_DIRECT())
