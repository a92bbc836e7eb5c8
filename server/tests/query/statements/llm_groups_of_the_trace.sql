SELECT key_0, count() AS calls, countIf(status = 'error') AS errors,
    countIf(finish_reason = 'content_filter') AS blocked,
    countIf(isNull(cost_usd) AND (owns_usage OR status != 'error')) AS unpriced,
    sumIf(cost_usd, owns_usage) AS spent,
    sumIf(input_tokens, owns_usage) AS tokens_in, sumIf(output_tokens, owns_usage) AS tokens_out,
    sumIf(cache_read_tokens, owns_usage) AS cache_read, sumIf(cache_write_tokens, owns_usage) AS cache_write,
    sumIf(reasoning_tokens, owns_usage) AS reasoning,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations, quantiles(0.5, 0.95, 0.99)(ttft_ms) AS first_tokens, count() OVER () AS groups
FROM (
    SELECT if(toString(user_id) = '', of_user_id, toString(user_id)) AS key_0, status, duration_ms, ttft_ms, cost_usd, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, owns_usage, finish_reason
    FROM (SELECT project, trace_id, start_time, status, input_tokens, cost_usd, ttft_ms, user_id, owns_usage, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call, if(span_rows.log_key = '', span_rows.output_tokens, if(isNull(span_rows.output_tokens), dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), greatest(span_rows.output_tokens, ifNull(dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), 0)))) AS output_tokens, if(span_rows.log_key = '', span_rows.reasoning_tokens, ifNull(span_rows.reasoning_tokens, dictGetOrDefault('enrichments', 'reasoning_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))) AS reasoning_tokens, if(span_rows.log_key = '', span_rows.cache_read_tokens, ifNull(span_rows.cache_read_tokens, dictGetOrDefault('enrichments', 'cache_read_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))) AS cache_read_tokens, if(span_rows.log_key = '', span_rows.cache_write_tokens, ifNull(span_rows.cache_write_tokens, dictGetOrDefault('enrichments', 'cache_write_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))) AS cache_write_tokens, if(span_rows.log_key = '', span_rows.finish_reason, if(span_rows.finish_reason != '', span_rows.finish_reason, dictGetOrDefault('enrichments', 'finish_reason', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), ''))) AS finish_reason FROM span_rows FINAL) AS calls
    LEFT ANY JOIN (
        SELECT trace_id, if(uniqExactIf(user_id, user_id != '') = 1, anyIf(user_id, user_id != ''), '') AS of_user_id
        FROM (SELECT project, trace_id, start_time, user_id FROM span_rows FINAL)
        WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (user_id != '')
        GROUP BY trace_id
    ) AS traces USING (trace_id)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND is_call
)
GROUP BY key_0
ORDER BY ifNull(toFloat64(tokens_in), -1) + ifNull(tokens_out, 0) DESC, key_0
LIMIT 50
