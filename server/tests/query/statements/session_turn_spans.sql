SELECT trace_id, argMin(span_id, (parent_span_id != '', start_time, span_id)) AS root,
    argMinIf(span_id, (start_time, span_id), kind = 'llm') AS first_call,
    argMaxIf(span_id, (start_time, span_id), kind = 'llm') AS last_call
FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time FROM span_rows FINAL)
WHERE project = {p0:String} AND trace_id IN {p1:Array(String)} AND start_time >= tupleElement((SELECT (min(start_time), max(start_time)) FROM span_rows WHERE project = {p0:String} AND trace_id IN {p1:Array(String)}), 1) AND start_time <= tupleElement((SELECT (min(start_time), max(start_time)) FROM span_rows WHERE project = {p0:String} AND trace_id IN {p1:Array(String)}), 2)
GROUP BY trace_id
