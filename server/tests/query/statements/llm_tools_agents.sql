WITH uses AS (
    SELECT trace_id, parent_span_id, start_time, toString(tool) AS called
    FROM (SELECT project, trace_id, parent_span_id, service, start_time, agent, tool, span_rows.kind = 'tool' AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p1:String}) AS is_use FROM span_rows FINAL)
    WHERE project = {p1:String} AND start_time >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND service = {p4:String} AND is_use AND toString(tool) IN {p0:Array(String)} AND agent = ''
    ORDER BY start_time DESC
    LIMIT 2000
)
SELECT called, arraySort(groupUniqArray(10)(around)) AS agents
FROM (
    SELECT called, arrayReverseSort(arrayMap(w -> (w.1 = parent_span_id, w.2, w.4),
        arrayFilter(w -> w.2 <= start_time AND ifNull(w.3 >= start_time, 1), at_work)))[1].3 AS around
    FROM uses INNER JOIN (
        SELECT trace_id, groupArray(200)((span_id, start_time, end_time, who)) AS at_work
        FROM (SELECT trace_id, span_id, start_time, end_time, toString(agent) AS who FROM (SELECT project, trace_id, span_id, kind, start_time, agent, if(span_rows.ended, span_rows.end_time, NULL) AS end_time FROM span_rows FINAL) WHERE project = {p1:String} AND start_time >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND kind = 'agent' AND agent != '' AND trace_id IN (SELECT trace_id FROM uses))
        GROUP BY trace_id
    ) AS agents USING (trace_id)
)
WHERE around != ''
GROUP BY called
