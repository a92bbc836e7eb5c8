SELECT called, arraySort(groupUniqArray(10)(around)) AS agents
FROM (
    SELECT arrayJoin(uses) AS use, use.1 AS called, arrayReverseSort(arrayMap(w -> (w.1 = use.2, w.2, w.4),
        arrayFilter(w -> w.2 <= use.3 AND ifNull(w.3 >= use.3, 1), at_work)))[1].3 AS around
    FROM (
        SELECT groupArrayIf(1000)((toString(tool), parent_span_id, start_time), kind = 'tool' AND agent = '') AS uses,
        groupArrayIf(200)((span_id, start_time, end_time, toString(agent)), kind = 'agent' AND agent != '') AS at_work
        FROM (SELECT project, trace_id, span_id, parent_span_id, kind, start_time, agent, tool, if(span_rows.ended, span_rows.end_time, NULL) AS end_time FROM span_rows FINAL)
        WHERE project = {p0:String} AND trace_id IN {p1:Array(String)} AND start_time >= tupleElement((SELECT (min(start_time), max(start_time)) FROM span_rows WHERE project = {p0:String} AND trace_id IN {p1:Array(String)}), 1) AND start_time <= tupleElement((SELECT (min(start_time), max(start_time)) FROM span_rows WHERE project = {p0:String} AND trace_id IN {p1:Array(String)}), 2)
        GROUP BY trace_id
    )
)
WHERE around != ''
GROUP BY called
