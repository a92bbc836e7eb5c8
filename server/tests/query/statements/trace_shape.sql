SELECT span_id, parent_span_id, name, kind, service, status, model, agent, tool, input_tokens, output_tokens,
    cost_usd, usage_counted, toUnixTimestamp64Nano(start_time) AS start_ns,
    toUnixTimestamp64Nano(end_time) AS end_ns, graph_node
FROM (SELECT project, trace_id, span_id, parent_span_id, name, kind, service, start_time, status, model, input_tokens, cost_usd, agent, tool, graph_node, if(span_rows.ended, span_rows.end_time, NULL) AS end_time, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String} AND trace_id = {p1:String}) AS usage_counted, if(span_rows.log_key = '', span_rows.output_tokens, if(isNull(span_rows.output_tokens), dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), greatest(span_rows.output_tokens, ifNull(dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), 0)))) AS output_tokens FROM span_rows FINAL)
WHERE project = {p0:String} AND trace_id = {p1:String}
ORDER BY start_time, span_id
LIMIT 50001
