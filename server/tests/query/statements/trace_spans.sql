SELECT span_id, parent_span_id, name, kind, span_kind, convention, service,
    toUnixTimestamp64Nano(start_time) AS start_ns, toUnixTimestamp64Nano(end_time) AS end_ns,
    status, model, input_tokens, own_output_tokens, own_cost_usd, has_events, session_id, user_id,
    owns_usage, reported_twice, logs_tell
FROM (SELECT project, trace_id, span_id, parent_span_id, name, kind, span_kind, service, start_time, status, model, input_tokens, session_id, user_id, owns_usage, if(span_rows.ended, span_rows.end_time, NULL) AS end_time, (project, trace_id, span_id) IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String} AND trace_id = {p1:String}) AS reported_twice, span_rows.output_tokens AS own_output_tokens, span_rows.cost_usd AS own_cost_usd, span_rows.log_key != '' AS logs_tell, multiIf(match(span_rows.attr_shape, '(^|\\x00)[a-z].(db[.]system[.]name|db[.]system|db[.]query[.]text|db[.]statement)(\\x00|$)'), 'db', match(span_rows.attr_shape, '(^|\\x00)[a-z].(messaging[.]system|messaging[.]destination[.]name|messaging[.]destination)(\\x00|$)'), 'messaging', match(span_rows.attr_shape, '(^|\\x00)[a-z].(rpc[.]system[.]name|rpc[.]system|rpc[.]method|rpc[.]service)(\\x00|$)'), 'rpc', match(span_rows.attr_shape, '(^|\\x00)[a-z].(http[.]request[.]method|http[.]method|http[.]route|http[.]response[.]status_code|http[.]status_code|url[.]full|http[.]url)(\\x00|$)'), 'http', '') AS convention, span_rows.events != '' AS has_events FROM span_rows FINAL)
WHERE project = {p0:String} AND trace_id = {p1:String}
ORDER BY start_time, span_id
LIMIT 50001
