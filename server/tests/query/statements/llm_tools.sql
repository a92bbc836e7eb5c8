SELECT toString(tool) AS called, count() AS uses, countIf(status = 'error') AS errors,
    quantiles(0.5, 0.95, 0.99)(duration_ms) AS durations,
    arraySort(arrayMap(a -> toString(a), groupUniqArrayIf(10)(agent, agent != ''))) AS agents,
    groupUniqArrayIf(10)(trace_id, agent = '') AS unsaid,
    toUnixTimestamp64Nano(max(start_time)) AS last, count() OVER () AS tools
FROM (SELECT project, trace_id, service, start_time, status, agent, tool, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, span_rows.kind = 'tool' AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS is_use FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND service = {p3:String} AND is_use
GROUP BY called
ORDER BY uses DESC, called
LIMIT 200
