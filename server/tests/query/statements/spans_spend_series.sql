SELECT grouping(step) AS whole, step, if(countIf(usage_counted) = 0, 0, sumIf(toFloat64(cost_usd), usage_counted)) AS value, count() AS records, label_0
FROM (
    SELECT intDiv(toUnixTimestamp64Nano(start_time) - {p1:Int64}, {p4:Int64}) AS step, cost_usd, usage_counted, toString(model) AS label_0
    FROM (SELECT project, start_time, status, model, cost_usd, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates) AS usage_counted FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND status = {p3:String}
)
GROUP BY GROUPING SETS ((step, label_0), (label_0))
