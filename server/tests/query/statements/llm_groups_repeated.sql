SELECT countIf(tools > 1) AS repeated, sum(cost) AS spent
FROM (
    SELECT trace_id, span_id, count() AS tools, anyIf(cost_usd, owns_usage) AS cost
    FROM (
    SELECT asked_tool AS key_0, trace_id, span_id, cost_usd, owns_usage
    FROM (SELECT project, trace_id, span_id, start_time, owns_usage, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call, if(span_rows.log_key = '', span_rows.cost_usd, arrayMap(t -> if(span_rows.cost_status = 'no_usage' AND isNull(t.1), NULL, span_rows.cost_usd + ifNull(greatest(toFloat64(ifNull(t.1, 0)) - toFloat64(ifNull(span_rows.output_tokens, 0)), 0) * span_rows.output_rate + if(isNull(span_rows.cache_read_tokens), least(toFloat64(ifNull(t.2, 0)), toFloat64(span_rows.input_tokens)), 0) * (span_rows.cache_read_rate - span_rows.input_rate) + if(isNull(span_rows.cache_write_tokens), least(toFloat64(ifNull(t.3, 0)), greatest(toFloat64(span_rows.input_tokens) - toFloat64(ifNull(ifNull(span_rows.cache_read_tokens, t.2), 0)), 0)), 0) * (span_rows.cache_write_rate - span_rows.input_rate), 0)), [dictGetOrDefault('enrichments', ('output_tokens', 'cache_read_tokens', 'cache_write_tokens'), (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), (NULL, NULL, NULL))])[1]) AS cost_usd FROM span_rows FINAL) AS calls
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
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND is_call
    )
    GROUP BY trace_id, span_id
)
