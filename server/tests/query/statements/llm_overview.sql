SELECT before, grouping(step) AS whole, step, count() AS calls, countIf(status = 'error') AS errors,
    countIf(isNull(cost_usd) AND (owns_usage OR status != 'error')) AS unpriced,
    sumIf(cost_usd, owns_usage) AS spent,
    sumIf(input_tokens, owns_usage) AS tokens_in, sumIf(output_tokens, owns_usage) AS tokens_out,
    sumIf(cache_read_tokens, owns_usage) AS cache_read, sumIf(cache_write_tokens, owns_usage) AS cache_write,
    sumIf(reasoning_tokens, owns_usage) AS reasoning,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations, quantiles(0.5, 0.95, 0.99)(ttft_ms) AS first_tokens
FROM (
    SELECT start_time < fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AS before, intDiv(toUnixTimestamp64Nano(start_time) + if(before, {p1:Int64}, 0) - {p0:Int64}, {p9:Int64}) AS step,
        status, duration_ms, ttft_ms, cost_usd, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, owns_usage
    FROM (SELECT project, trace_id, start_time, status, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_usd, ttft_ms, user_id, attr_shape, attr_values, owns_usage, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p2:String}) AS is_call FROM span_rows FINAL)
    WHERE project = {p2:String} AND start_time >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND (has(attr_values, {p5:String}) AND attr_values[if(extract(attr_shape, {p6:String}) = '.', countMatches(extract(attr_shape, {p7:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p5:String}) AND NOT (user_id = {p8:String} OR user_id = '' AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, start_time, user_id FROM span_rows FINAL) WHERE project = {p2:String} AND start_time >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND user_id = {p8:String})) AND is_call
)
GROUP BY GROUPING SETS ((before, step), (before))
