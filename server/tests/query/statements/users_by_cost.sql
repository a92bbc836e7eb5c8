SELECT id, if(max(part) < 0, -1, sumIf(part, part >= 0)) AS sort_key, toInt64(bitShiftRight(cityHash64(id), 1)) AS place
FROM (
    SELECT trace_id, groupUniqArrayIf(user_id, user_id != '') AS ids, if(countIf(usage_counted AND isNotNull(cost_usd)) = 0, -1, sumIf(toInt64(round(ifNull(cost_usd, 0) * 1e9)), usage_counted)) AS part
    FROM (SELECT project, trace_id, start_time, cost_usd, user_id, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS usage_counted FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY trace_id
    HAVING notEmpty(ids)
) ARRAY JOIN ids AS id
GROUP BY id
ORDER BY sort_key DESC, place DESC
LIMIT 51
