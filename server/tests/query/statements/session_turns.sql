SELECT trace_id, toUnixTimestamp64Nano(min(start_time)) AS sort_key
FROM (SELECT project, trace_id, start_time, status, session_id FROM span_rows FINAL)
WHERE project = {p0:String} AND session_id = {p1:String} AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, status, session_id FROM span_rows FINAL) WHERE project = {p0:String} AND status = 'error' AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, session_id FROM span_rows FINAL) WHERE project = {p0:String} AND session_id = {p1:String}))
GROUP BY trace_id
HAVING sort_key > {p2:Int64} OR (sort_key = {p2:Int64} AND trace_id > {p3:String})
ORDER BY sort_key ASC, trace_id ASC
LIMIT 21
