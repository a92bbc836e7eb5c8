SELECT key_0, key_1, count() AS calls, countIf(status = 'error') AS errors,
    countIf(finish_reason = 'content_filter') AS blocked,
    countIf(isNull(cost_usd) AND (owns_usage OR status != 'error')) AS unpriced,
    sumIf(cost_usd, owns_usage) AS spent,
    sumIf(input_tokens, owns_usage) AS tokens_in, sumIf(output_tokens, owns_usage) AS tokens_out,
    sumIf(cache_read_tokens, owns_usage) AS cache_read, sumIf(cache_write_tokens, owns_usage) AS cache_write,
    sumIf(reasoning_tokens, owns_usage) AS reasoning,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations, quantiles(0.5, 0.95, 0.99)(ttft_ms) AS first_tokens,
    sumIf(cache_savings_usd, owns_usage) AS saved, countIf(usage_flags != '') AS flagged, count() OVER () AS groups, sum(spent) OVER () AS spent_by_all
FROM (
    SELECT asked_tool AS key_0, if(toString(agent) = '', of_agent, toString(agent)) AS key_1, status, duration_ms, ttft_ms, cost_usd, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, owns_usage, finish_reason, cache_savings_usd,
        usage_flags
    FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, status, input_tokens, ttft_ms, agent, tool, usage_flags, owns_usage, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call, if(span_rows.log_key = '', span_rows.cost_usd, arrayMap(t -> if(span_rows.cost_status = 'no_usage' AND isNull(t.1), NULL, span_rows.cost_usd + ifNull(greatest(toFloat64(ifNull(t.1, 0)) - toFloat64(ifNull(span_rows.output_tokens, 0)), 0) * span_rows.output_rate + if(isNull(span_rows.cache_read_tokens), least(toFloat64(ifNull(t.2, 0)), toFloat64(span_rows.input_tokens)), 0) * (span_rows.cache_read_rate - span_rows.input_rate) + if(isNull(span_rows.cache_write_tokens), least(toFloat64(ifNull(t.3, 0)), greatest(toFloat64(span_rows.input_tokens) - toFloat64(ifNull(ifNull(span_rows.cache_read_tokens, t.2), 0)), 0)), 0) * (span_rows.cache_write_rate - span_rows.input_rate), 0)), [dictGetOrDefault('enrichments', ('output_tokens', 'cache_read_tokens', 'cache_write_tokens'), (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), (NULL, NULL, NULL))])[1]) AS cost_usd, if(isNull(span_rows.input_rate) OR isNull(if(span_rows.log_key = '', span_rows.cache_read_tokens, ifNull(span_rows.cache_read_tokens, dictGetOrDefault('enrichments', 'cache_read_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL)))) AND isNull(if(span_rows.log_key = '', span_rows.cache_write_tokens, ifNull(span_rows.cache_write_tokens, dictGetOrDefault('enrichments', 'cache_write_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL)))), NULL, ifNull(if(span_rows.log_key = '', span_rows.cache_read_tokens, ifNull(span_rows.cache_read_tokens, dictGetOrDefault('enrichments', 'cache_read_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))), 0) * (span_rows.input_rate - span_rows.cache_read_rate) + ifNull(if(span_rows.log_key = '', span_rows.cache_write_tokens, ifNull(span_rows.cache_write_tokens, dictGetOrDefault('enrichments', 'cache_write_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))), 0) * (span_rows.input_rate - span_rows.cache_write_rate)) AS cache_savings_usd, if(span_rows.log_key = '', span_rows.output_tokens, if(isNull(span_rows.output_tokens), dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), greatest(span_rows.output_tokens, ifNull(dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), 0)))) AS output_tokens, if(span_rows.log_key = '', span_rows.reasoning_tokens, ifNull(span_rows.reasoning_tokens, dictGetOrDefault('enrichments', 'reasoning_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))) AS reasoning_tokens, if(span_rows.log_key = '', span_rows.cache_read_tokens, ifNull(span_rows.cache_read_tokens, dictGetOrDefault('enrichments', 'cache_read_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))) AS cache_read_tokens, if(span_rows.log_key = '', span_rows.cache_write_tokens, ifNull(span_rows.cache_write_tokens, dictGetOrDefault('enrichments', 'cache_write_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL))) AS cache_write_tokens, if(span_rows.log_key = '', span_rows.finish_reason, if(span_rows.finish_reason != '', span_rows.finish_reason, dictGetOrDefault('enrichments', 'finish_reason', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), ''))) AS finish_reason FROM span_rows FINAL) AS calls
    LEFT ANY JOIN (
        SELECT trace_id, if(uniqExactIf(agent, agent != '') = 1, anyIf(agent, agent != ''), '') AS of_agent
        FROM (SELECT project, trace_id, start_time, agent FROM span_rows FINAL)
        WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (agent != '')
        GROUP BY trace_id
    ) AS traces USING (trace_id)
    LEFT JOIN (
        SELECT DISTINCT uses.trace_id AS trace_id,
            if(beside.span_id != '', beside.span_id, before.span_id) AS span_id, toString(uses.tool) AS asked_tool
        FROM (SELECT trace_id, parent_span_id, start_time, tool FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, tool FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = 'tool' AND tool != '') AS uses
        ASOF LEFT JOIN (
            SELECT trace_id, arrayJoin([span_id, parent_span_id]) AS near, start_time, span_id
            FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = 'llm' AND is_call
        ) AS beside
        ON uses.trace_id = beside.trace_id AND uses.parent_span_id = beside.near
            AND uses.start_time >= beside.start_time
        ASOF LEFT JOIN (SELECT trace_id, start_time, span_id FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = 'llm' AND is_call) AS before
        ON uses.trace_id = before.trace_id AND uses.start_time >= before.start_time
        WHERE beside.span_id != '' OR before.span_id != ''
    ) AS asked USING (trace_id, span_id)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT (trace_id, span_id) IN (SELECT trace_id, span_id FROM (
        SELECT DISTINCT uses.trace_id AS trace_id,
            if(beside.span_id != '', beside.span_id, before.span_id) AS span_id, toString(uses.tool) AS asked_tool
        FROM (SELECT trace_id, parent_span_id, start_time, tool FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, tool FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = 'tool' AND tool != '' AND tool = {p3:String}) AS uses
        ASOF LEFT JOIN (
            SELECT trace_id, arrayJoin([span_id, parent_span_id]) AS near, start_time, span_id
            FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = 'llm' AND is_call
        ) AS beside
        ON uses.trace_id = beside.trace_id AND uses.parent_span_id = beside.near
            AND uses.start_time >= beside.start_time
        ASOF LEFT JOIN (SELECT trace_id, start_time, span_id FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND kind = 'llm' AND is_call) AS before
        ON uses.trace_id = before.trace_id AND uses.start_time >= before.start_time
        WHERE beside.span_id != '' OR before.span_id != ''
    )) AND is_call
)
GROUP BY key_0, key_1
ORDER BY ifNull(spent, -1) DESC, ifNull(tokens_in, 0) + ifNull(tokens_out, 0) DESC, key_0, key_1
LIMIT 50
