SELECT toString(prompt_name) AS of_prompt, toString(prompt_version) AS of_version, count() AS spans,
    uniqExact(trace_id) AS traces, countIf(status = 'error') AS failed,
    quantile(0.5)(duration_ms) AS p50, quantile(0.95)(duration_ms) AS p95,
    sumIf(input_tokens, usage_counted) AS tokens_in, sumIf(output_tokens, usage_counted) AS tokens_out,
    sumIf(cost_usd, usage_counted) AS cost,
    arraySort(arrayMap(m -> toString(m), groupUniqArrayIf(20)(model, model != ''))) AS models,
    toUnixTimestamp64Nano(min(start_time)) AS first_ns, toUnixTimestamp64Nano(max(start_time)) AS last_ns
FROM (SELECT project, trace_id, service, start_time, status, model, input_tokens, cost_usd, prompt_name, prompt_version, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates) AS usage_counted, if(span_rows.log_key = '', span_rows.output_tokens, if(isNull(span_rows.output_tokens), dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), greatest(span_rows.output_tokens, ifNull(dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), 0)))) AS output_tokens FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND service = {p3:String} AND prompt_name = {p4:String}
GROUP BY of_prompt, of_version
ORDER BY last_ns DESC, of_prompt, of_version
LIMIT 2000
