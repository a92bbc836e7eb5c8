SELECT id, toInt64(count()) AS evaluations, toInt64(countIf(isNotNull(verdict))) AS judged,
    toInt64(countIf(ifNull(verdict, 0))) AS passed, toInt64(countIf(label = 'up')) AS up,
    toInt64(countIf(label = 'down')) AS down,
    argMaxIf(substringUTF8(comment, 1, 300), time, comment != '') AS last_comment
FROM (
    SELECT label, comment, time, if(isNull(score) OR isNull(threshold), NULL, score >= threshold) AS verdict, arrayDistinct(arrayConcat(t.ids, r.ids, [])) AS ids
    FROM (SELECT name, score, threshold, label, comment, time, target_type, target_id, trace_id, response_id FROM (SELECT project, time, name, target_type, target_id, trace_id, response_id, score, label, threshold, comment FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND (trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, start_time, user_id FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND user_id IN {p3:Array(String)} AND trace_id != '') OR (trace_id = '' AND response_id IN (SELECT response_id FROM (SELECT project, start_time, response_id, user_id FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND user_id IN {p3:Array(String)} AND response_id != '')))) AS said
    LEFT JOIN (SELECT trace_id, groupUniqArray(user_id) AS ids FROM (SELECT project, trace_id, start_time, user_id FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND user_id IN {p3:Array(String)} AND trace_id != '' GROUP BY trace_id) AS t ON said.trace_id = t.trace_id
    LEFT JOIN (SELECT response_id, groupUniqArray(user_id) AS ids FROM (SELECT project, start_time, response_id, user_id FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND user_id IN {p3:Array(String)} AND response_id != '' GROUP BY response_id) AS r ON said.response_id = r.response_id
) ARRAY JOIN ids AS id
WHERE has({p3:Array(String)}, id)
GROUP BY id
