SELECT evaluation_id, toUnixTimestamp64Nano(updated_at) AS updated_ns, name, expected_output, comment,
    evaluator, source
FROM (SELECT project, updated_at, evaluation_id, name, trace_id, span_id, comment, expected_output, evaluator, source FROM evaluation_rows FINAL WHERE NOT withdrawn)
WHERE project = {p0:String} AND trace_id = {p1:String} AND span_id = {p2:String} AND expected_output != ''
ORDER BY (name = {p3:String} AND source = 'human') DESC, updated_at DESC, evaluation_id
LIMIT 50
