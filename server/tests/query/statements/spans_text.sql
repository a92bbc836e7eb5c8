SELECT toUnixTimestamp64Nano(start_time) AS sort_key, trace_id, span_id, parent_span_id, name, kind, span_kind, service,
    toUnixTimestamp64Nano(start_time) AS start_ns, duration_ms, state, status, substringUTF8(status_message, 1, 2048) AS shown_message,
    model, input_tokens, output_tokens, cost_usd, session_id
FROM (SELECT project, trace_id, span_id, parent_span_id, name, kind, span_kind, service, start_time, status, status_message, model, input_tokens, output_tokens, cost_usd, session_id, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, if(span_rows.ended, 'ended', 'running') AS state FROM span_rows FINAL)
WHERE project = {p0:String} AND (start_time, trace_id, span_id) IN (
(
SELECT start_time, trace_id, span_id
FROM (SELECT project, trace_id, span_id, name, start_time, status_message, concat(span_rows.input, ' ', span_rows.output) AS search_text FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT ((hasAllTokens(search_text, {p3:String}) OR (hasAllTokens(lowerUTF8(name), {p3:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(status_message), {p3:String}, 'unicodeWord')) OR hasAnyTokens(search_text, (SELECT groupArray(hash) FROM (SELECT DISTINCT toString(hash) AS hash FROM message_rows WHERE project = {p0:String} AND hasAllTokens(text, {p3:String}) LIMIT 5000))) OR (trace_id, span_id) IN (SELECT trace_id, span_id FROM span_enrichments WHERE project = {p0:String} AND hasAllTokens(concat(span_enrichments.input, ' ', span_enrichments.output), {p3:String})))) AND hasAllTokens(search_text, {p4:String})
ORDER BY start_time DESC, trace_id DESC, span_id DESC
LIMIT 51
) UNION ALL (
SELECT start_time, trace_id, span_id
FROM (SELECT project, trace_id, span_id, name, start_time, status_message, concat(span_rows.input, ' ', span_rows.output) AS search_text FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT ((hasAllTokens(search_text, {p3:String}) OR (hasAllTokens(lowerUTF8(name), {p3:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(status_message), {p3:String}, 'unicodeWord')) OR hasAnyTokens(search_text, (SELECT groupArray(hash) FROM (SELECT DISTINCT toString(hash) AS hash FROM message_rows WHERE project = {p0:String} AND hasAllTokens(text, {p3:String}) LIMIT 5000))) OR (trace_id, span_id) IN (SELECT trace_id, span_id FROM span_enrichments WHERE project = {p0:String} AND hasAllTokens(concat(span_enrichments.input, ' ', span_enrichments.output), {p3:String})))) AND (hasAllTokens(lowerUTF8(name), {p4:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(status_message), {p4:String}, 'unicodeWord'))
ORDER BY start_time DESC, trace_id DESC, span_id DESC
LIMIT 51
) UNION ALL (
SELECT start_time, trace_id, span_id
FROM (SELECT project, trace_id, span_id, name, start_time, status_message, concat(span_rows.input, ' ', span_rows.output) AS search_text FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT ((hasAllTokens(search_text, {p3:String}) OR (hasAllTokens(lowerUTF8(name), {p3:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(status_message), {p3:String}, 'unicodeWord')) OR hasAnyTokens(search_text, (SELECT groupArray(hash) FROM (SELECT DISTINCT toString(hash) AS hash FROM message_rows WHERE project = {p0:String} AND hasAllTokens(text, {p3:String}) LIMIT 5000))) OR (trace_id, span_id) IN (SELECT trace_id, span_id FROM span_enrichments WHERE project = {p0:String} AND hasAllTokens(concat(span_enrichments.input, ' ', span_enrichments.output), {p3:String})))) AND hasAnyTokens(search_text, (SELECT groupArray(hash) FROM (SELECT DISTINCT toString(hash) AS hash FROM message_rows WHERE project = {p0:String} AND hasAllTokens(text, {p4:String}) LIMIT 5000)))
ORDER BY start_time DESC, trace_id DESC, span_id DESC
LIMIT 51
) UNION ALL (
SELECT start_time, trace_id, span_id
FROM (SELECT project, trace_id, span_id, name, start_time, status_message, concat(span_rows.input, ' ', span_rows.output) AS search_text FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT ((hasAllTokens(search_text, {p3:String}) OR (hasAllTokens(lowerUTF8(name), {p3:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(status_message), {p3:String}, 'unicodeWord')) OR hasAnyTokens(search_text, (SELECT groupArray(hash) FROM (SELECT DISTINCT toString(hash) AS hash FROM message_rows WHERE project = {p0:String} AND hasAllTokens(text, {p3:String}) LIMIT 5000))) OR (trace_id, span_id) IN (SELECT trace_id, span_id FROM span_enrichments WHERE project = {p0:String} AND hasAllTokens(concat(span_enrichments.input, ' ', span_enrichments.output), {p3:String})))) AND (trace_id, span_id) IN (SELECT trace_id, span_id FROM span_enrichments WHERE project = {p0:String} AND hasAllTokens(concat(span_enrichments.input, ' ', span_enrichments.output), {p4:String}))
ORDER BY start_time DESC, trace_id DESC, span_id DESC
LIMIT 51
)
)
ORDER BY start_time DESC, trace_id DESC, span_id DESC
LIMIT 51
