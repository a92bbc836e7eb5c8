SELECT span_id, parent_span_id, name, kind, span_kind, service,
    toUnixTimestamp64Nano(start_time) AS start_ns, toUnixTimestamp64Nano(end_time) AS end_ns,
    status, model, input_tokens, output_tokens, cost_usd, has_events, usage_counted, session_id, user_id
FROM (SELECT project, trace_id, span_id, parent_span_id, name, kind, span_kind, service, start_time, status, model, input_tokens, output_tokens, cost_usd, session_id, user_id, if(span_rows.ended, span_rows.end_time, NULL) AS end_time, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String} AND trace_id = {p1:String}) AS usage_counted, span_rows.events != '' AS has_events FROM span_rows FINAL)
WHERE project = {p0:String} AND trace_id = {p1:String}
ORDER BY start_time, span_id
LIMIT 50001
