-- What all records say of a span together, looked up only for spans that need it.
CREATE OR REPLACE DICTIONARY {database}.enrichments
(
    project String, trace_id String, span_id String, input String, output String,
    response_model String, finish_reason String,
    output_tokens Nullable(UInt64), reasoning_tokens Nullable(UInt64), cache_read_tokens Nullable(UInt64),
    cache_write_tokens Nullable(UInt64), reported_cost_usd Nullable(Float64)
)
PRIMARY KEY project, trace_id, span_id
SOURCE(CLICKHOUSE(QUERY '
    SELECT project, trace_id, span_id,
        if(countIf(input != '''') > 0, argMaxIf(input, version, input != ''''),
           if(countIf(input_message != '''') > 0, concat(''['', arrayStringConcat(arrayMap(m -> m.2, arraySort(groupUniqArrayIf((record, input_message), input_message != ''''))), '',''), '']''), '''')),
        if(countIf(output != '''') > 0, argMaxIf(output, version, output != ''''),
           if(countIf(output_message != '''') > 0, concat(''['', arrayStringConcat(arrayMap(m -> m.2, arraySort(groupUniqArrayIf((record, output_message), output_message != ''''))), '',''), '']''), '''')),
        argMaxIf(response_model, version, response_model != ''''), argMaxIf(finish_reason, version, finish_reason != ''''),
        max(output_tokens), max(reasoning_tokens),
        max(cache_read_tokens), max(cache_write_tokens), max(reported_cost_usd)
    FROM {database}.span_enrichments WHERE {condition} GROUP BY project, trace_id, span_id'{credentials}))
LAYOUT(COMPLEX_KEY_DIRECT())
