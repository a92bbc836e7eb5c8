SELECT trace_id,
    argMin(name, (parent_span_id != '', start_time, span_id)) AS root_name,
    argMin(service, (parent_span_id != '', start_time, span_id)) AS root_service,
    toUnixTimestamp64Nano(min(start_time)) AS start_ns,
    toUnixTimestamp64Nano(max(end_time)) AS end_ns,
    countIf(state = 'running') AS running,
    count() AS span_count,
    countIf(status = 'error') AS error_count,
    countIf(status = 'ok') AS ok_count,
    arraySort(groupUniqArrayIf(model, model != '')) AS models,
    sumIf(input_tokens, usage_counted) AS input_tokens,
    sumIf(output_tokens, usage_counted) AS output_tokens,
    sumIf(cost_usd, usage_counted) AS spent,
    countIf(is_call AND isNull(cost_usd) AND (owns_usage OR status != 'error')) AS unpriced,
    minIf(session_id, session_id != '') AS session_id,
    minIf(user_id, user_id != '') AS user_id,
    arraySort(groupUniqArray(service)) AS services
FROM (SELECT project, trace_id, span_id, parent_span_id, name, service, start_time, status, model, input_tokens, session_id, user_id, owns_usage, if(span_rows.ended, span_rows.end_time, NULL) AS end_time, if(span_rows.ended, 'ended', 'running') AS state, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String} AND trace_id IN {p1:Array(String)}) AS usage_counted, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String} AND trace_id IN {p1:Array(String)}) AS is_call, if(span_rows.log_key = '', span_rows.cost_usd, arrayMap(t -> if(span_rows.cost_status = 'no_usage' AND isNull(t.1), NULL, span_rows.cost_usd + ifNull(greatest(toFloat64(ifNull(t.1, 0)) - toFloat64(ifNull(span_rows.output_tokens, 0)), 0) * span_rows.output_rate + if(isNull(span_rows.cache_read_tokens), least(toFloat64(ifNull(t.2, 0)), toFloat64(span_rows.input_tokens)), 0) * (span_rows.cache_read_rate - span_rows.input_rate) + if(isNull(span_rows.cache_write_tokens), least(toFloat64(ifNull(t.3, 0)), greatest(toFloat64(span_rows.input_tokens) - toFloat64(ifNull(ifNull(span_rows.cache_read_tokens, t.2), 0)), 0)), 0) * (span_rows.cache_write_rate - span_rows.input_rate), 0)), [dictGetOrDefault('enrichments', ('output_tokens', 'cache_read_tokens', 'cache_write_tokens'), (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), (NULL, NULL, NULL))])[1]) AS cost_usd, if(span_rows.log_key = '', span_rows.output_tokens, if(isNull(span_rows.output_tokens), dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), greatest(span_rows.output_tokens, ifNull(dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), 0)))) AS output_tokens FROM span_rows FINAL)
WHERE project = {p0:String} AND trace_id IN {p1:Array(String)}
GROUP BY trace_id
