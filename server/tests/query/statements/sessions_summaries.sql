SELECT id, min(first_ns) AS first_seen, max(last_ns) AS last_seen, count() AS traces,
    countIf(its_errors > 0) AS failed, countIf(runs) AS running, sum(its_calls) AS calls, sum(its_errors) AS errors,
    sum(tokens_in) AS input_tokens, sum(tokens_out) AS output_tokens, sum(spent) AS cost_usd,
    sum(its_unpriced) AS unpriced, quantilesIf(0.5, 0.95)(took_ms, NOT runs) AS durations,
    argMaxIf(its_error, failed_at, its_errors > 0) AS last_error,
    arraySort(arrayMap(s -> toString(s), groupUniqArrayArray(20)(its_services))) AS services,
    arraySort(arrayMap(s -> toString(s), groupUniqArrayArray(20)(its_agents))) AS agents,
    arraySort(arrayMap(s -> toString(s), groupUniqArrayArray(20)(its_models))) AS models,
    arraySort(groupUniqArrayArray(20)(its_users)) AS users,
    uniqExactArray(its_sessions) AS sessions
FROM (
    SELECT trace_id, groupUniqArrayIf(session_id, has({p3:Array(String)}, session_id)) AS ids,
        toUnixTimestamp64Nano(min(start_time)) AS first_ns,
        toUnixTimestamp64Nano(max(start_time)) AS last_ns,
        (max(toUnixTimestamp64Nano(ifNull(end_time, start_time))) - first_ns) / 1e6 AS took_ms,
        countIf(state = 'running') > 0 AS runs,
        countIf(is_call) AS its_calls,
        countIf(status = 'error') AS its_errors,
        sumIf(input_tokens, usage_counted) AS tokens_in,
        sumIf(output_tokens, usage_counted) AS tokens_out,
        sumIf(cost_usd, usage_counted) AS spent,
        countIf(is_call AND isNull(cost_usd) AND (owns_usage OR status != 'error')) AS its_unpriced,
        maxIf(start_time, status = 'error') AS failed_at,
        argMaxIf(substringUTF8(if(status_message != '', status_message, toString(error_type)), 1, 300),
            start_time, status = 'error') AS its_error,
        groupUniqArray(20)(service) AS its_services,
        groupUniqArrayIf(20)(agent, agent != '') AS its_agents,
        groupUniqArrayIf(20)(model, model != '') AS its_models,
        groupUniqArrayIf(20)(user_id, user_id != '') AS its_users,
        groupUniqArrayIf(20)(session_id, session_id != '') AS its_sessions
    FROM (SELECT project, trace_id, service, start_time, status, status_message, model, input_tokens, session_id, user_id, agent, error_type, owns_usage, if(span_rows.ended, span_rows.end_time, NULL) AS end_time, if(span_rows.ended, 'ended', 'running') AS state, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS usage_counted, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call, if(span_rows.log_key = '', span_rows.cost_usd, arrayMap(t -> if(span_rows.cost_status = 'no_usage' AND isNull(t.1), NULL, span_rows.cost_usd + ifNull(greatest(toFloat64(ifNull(t.1, 0)) - toFloat64(ifNull(span_rows.output_tokens, 0)), 0) * span_rows.output_rate + if(isNull(span_rows.cache_read_tokens), least(toFloat64(ifNull(t.2, 0)), toFloat64(span_rows.input_tokens)), 0) * (span_rows.cache_read_rate - span_rows.input_rate) + if(isNull(span_rows.cache_write_tokens), least(toFloat64(ifNull(t.3, 0)), greatest(toFloat64(span_rows.input_tokens) - toFloat64(ifNull(ifNull(span_rows.cache_read_tokens, t.2), 0)), 0)), 0) * (span_rows.cache_write_rate - span_rows.input_rate), 0)), [dictGetOrDefault('enrichments', ('output_tokens', 'cache_read_tokens', 'cache_write_tokens'), (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), (NULL, NULL, NULL))])[1]) AS cost_usd, if(span_rows.log_key = '', span_rows.output_tokens, if(isNull(span_rows.output_tokens), dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), greatest(span_rows.output_tokens, ifNull(dictGetOrDefault('enrichments', 'output_tokens', (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), NULL), 0)))) AS output_tokens FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, start_time, session_id FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND session_id IN {p3:Array(String)})
    GROUP BY trace_id
) ARRAY JOIN ids AS id
GROUP BY id
