SELECT evaluation_id, toUnixTimestamp64Nano(time) AS time_ns,
    toUnixTimestamp64Nano(updated_at) AS updated_ns, name, target_type, target_id, trace_id, span_id, response_id,
    slice, score, label, lower, upper, threshold, substringUTF8(explanation, 1, 65536) AS explanation_text, lengthUTF8(explanation) AS explanation_length, substringUTF8(comment, 1, 65536) AS comment_text, lengthUTF8(comment) AS comment_length, substringUTF8(expected_output, 1, 65536) AS expected_output_text, lengthUTF8(expected_output) AS expected_output_length,
    evaluator, source, found_in, problem, substringUTF8(raw, 1, 65536) AS raw, attributes
FROM (SELECT project, time, updated_at, evaluation_id, name, target_type, target_id, trace_id, span_id, response_id, slice, score, label, lower, upper, threshold, explanation, comment, expected_output, evaluator, source, found_in, problem, raw, CAST((arrayMap(k -> toString(k), arrayMap(e -> substring(e, 3), if(evaluation_rows.attr_shape = '', [], splitByChar(char(0), evaluation_rows.attr_shape)))), arrayMap(v -> if(position(v, char(0)) = 0, v, arrayStringConcat(arrayMap((part, i) -> multiIf(i % 2 = 1, part, part = '', char(0), dictGetOrDefault('messages', 'text', (project, part), '')), splitByChar(char(0), v), arrayEnumerate(splitByChar(char(0), v))))), evaluation_rows.attr_values)), 'Map(String, String)') AS attributes FROM evaluation_rows FINAL WHERE NOT withdrawn)
WHERE project = {p0:String} AND (trace_id = {p1:String}
    OR (trace_id = '' AND response_id != '' AND response_id IN (SELECT response_id FROM (SELECT project, trace_id, response_id FROM span_rows FINAL) WHERE project = {p0:String} AND trace_id = {p1:String} AND response_id != ''))
    OR (trace_id = '' AND target_type = 'session' AND target_id IN (SELECT session_id FROM (SELECT project, trace_id, session_id FROM span_rows FINAL) WHERE project = {p0:String} AND trace_id = {p1:String} AND session_id != '')))
ORDER BY time, evaluation_id
LIMIT 1001
