SELECT key_0, key_1, count() AS calls, countIf(status = 'error') AS errors,
    countIf(isNull(cost_usd) AND (owns_usage OR status != 'error')) AS unpriced,
    sumIf(cost_usd, owns_usage) AS spent,
    sumIf(input_tokens, owns_usage) AS tokens_in, sumIf(output_tokens, owns_usage) AS tokens_out,
    sumIf(cache_read_tokens, owns_usage) AS cache_read, sumIf(cache_write_tokens, owns_usage) AS cache_write,
    sumIf(reasoning_tokens, owns_usage) AS reasoning,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations, quantiles(0.5, 0.95, 0.99)(ttft_ms) AS first_tokens, count() OVER () AS groups
FROM (
    SELECT toString(model) AS key_0, toString(if(position(attr_values[if(extract(attr_shape, {p4:String}) = '.', countMatches(extract(attr_shape, {p5:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)], char(0)) = 0, attr_values[if(extract(attr_shape, {p4:String}) = '.', countMatches(extract(attr_shape, {p5:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)], arrayStringConcat(arrayMap((part, i) -> multiIf(i % 2 = 1, part, part = '', char(0), dictGetOrDefault('messages', 'text', (project, part), '')), splitByChar(char(0), attr_values[if(extract(attr_shape, {p4:String}) = '.', countMatches(extract(attr_shape, {p5:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)]), arrayEnumerate(splitByChar(char(0), attr_values[if(extract(attr_shape, {p4:String}) = '.', countMatches(extract(attr_shape, {p5:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)])))))) AS key_1, status, duration_ms, ttft_ms, cost_usd, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, owns_usage
    FROM (SELECT project, trace_id, start_time, status, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd, ttft_ms, agent, attr_shape, attr_values, owns_usage, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call FROM span_rows FINAL) AS calls
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (agent = {p3:String} OR agent = '' AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, start_time, agent FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND agent = {p3:String})) AND is_call
)
GROUP BY key_0, key_1
ORDER BY ifNull(spent, -1) DESC, ifNull(tokens_in, 0) + ifNull(tokens_out, 0) DESC, key_0, key_1
LIMIT 50
