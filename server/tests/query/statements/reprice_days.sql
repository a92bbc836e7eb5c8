SELECT DISTINCT toInt32(toDate32(start_time)) AS day
FROM span_rows
WHERE span_rows.project = {p0:String} AND span_rows.owns_usage AND span_rows.start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND span_rows.start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
ORDER BY day
