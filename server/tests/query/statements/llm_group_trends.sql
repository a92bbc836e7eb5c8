SELECT step, count() AS calls, sumIf(cost_usd, owns_usage) AS spent, key_0, key_1
FROM (
    SELECT if(toString(session_id) = '', of_session_id, toString(session_id)) AS key_0, toString(model) AS key_1, intDiv(toUnixTimestamp64Nano(start_time) - {p0:Int64}, {p1:Int64}) AS step, cost_usd, owns_usage
    FROM (SELECT project, trace_id, start_time, model, cost_usd, session_id, owns_usage, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p3:String}) AS is_call FROM span_rows FINAL) AS calls
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
