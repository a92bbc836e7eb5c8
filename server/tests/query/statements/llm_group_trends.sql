SELECT step, count() AS calls, sumIf(cost_usd, owns_usage) AS spent, key_0, key_1
FROM (
    SELECT if(toString(session_id) = '', of_session_id, toString(session_id)) AS key_0, toString(model) AS key_1, intDiv(toUnixTimestamp64Nano(start_time) - {p0:Int64}, {p1:Int64}) AS step, cost_usd, owns_usage
    FROM (SELECT project, trace_id, start_time, model, session_id, owns_usage, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p3:String}) AS is_call, if(span_rows.log_key = '', span_rows.cost_usd, arrayMap(t -> if(span_rows.cost_status = 'no_usage' AND isNull(t.1), NULL, span_rows.cost_usd + ifNull(greatest(toFloat64(ifNull(t.1, 0)) - toFloat64(ifNull(span_rows.output_tokens, 0)), 0) * span_rows.output_rate + if(isNull(span_rows.cache_read_tokens), least(toFloat64(ifNull(t.2, 0)), toFloat64(span_rows.input_tokens)), 0) * (span_rows.cache_read_rate - span_rows.input_rate) + if(isNull(span_rows.cache_write_tokens), least(toFloat64(ifNull(t.3, 0)), greatest(toFloat64(span_rows.input_tokens) - toFloat64(ifNull(ifNull(span_rows.cache_read_tokens, t.2), 0)), 0)), 0) * (span_rows.cache_write_rate - span_rows.input_rate), 0)), [dictGetOrDefault('enrichments', ('output_tokens', 'cache_read_tokens', 'cache_write_tokens'), (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), (NULL, NULL, NULL))])[1]) AS cost_usd FROM span_rows FINAL) AS calls
    LEFT ANY JOIN (
        SELECT trace_id, if(uniqExactIf(session_id, session_id != '') = 1, anyIf(session_id, session_id != ''), '') AS of_session_id
        FROM (SELECT project, trace_id, start_time, session_id FROM span_rows FINAL)
        WHERE project = {p3:String} AND start_time >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND (session_id != '')
        GROUP BY trace_id
    ) AS traces USING (trace_id)
    WHERE project = {p3:String} AND start_time >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND is_call
)
WHERE has({p2:Array(String)}, concatWithSeparator(char(31), key_0, key_1))
GROUP BY step, key_0, key_1
