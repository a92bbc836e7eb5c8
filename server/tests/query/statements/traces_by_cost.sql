SELECT if(countIf(usage_counted AND isNotNull(cost_usd)) = 0, -1, sumIf(toInt64(round(ifNull(cost_usd, 0) * 1e9)), usage_counted)) AS sort_key, trace_id
FROM (SELECT project, trace_id, start_time, status, cost_usd, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS usage_counted FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND trace_id IN (SELECT trace_id FROM (SELECT project, trace_id, start_time, status FROM span_rows FINAL) WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND status = {p3:String})
GROUP BY trace_id
HAVING sort_key < {p4:Int64} OR (sort_key = {p4:Int64} AND trace_id < {p5:String})
ORDER BY sort_key DESC, trace_id DESC
LIMIT 51
