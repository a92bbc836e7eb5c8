SELECT count() AS repeated
FROM (
    SELECT trace_id, span_id
    FROM (
    SELECT asked_tool AS key_0, trace_id, span_id
    FROM (SELECT project, trace_id, span_id, start_time, span_rows.kind IN ('llm', 'embedding', 'reranker') AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_call FROM span_rows FINAL) AS calls
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
    HAVING count() > 1
)
