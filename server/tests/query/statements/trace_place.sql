SELECT groupUniqArray(1000)(toString(resource)) AS resources, count() AS spans,
    toUnixTimestamp64Nano(min(start_time)) AS start_ns,
    toUnixTimestamp64Nano(max(greatest(start_time, ifNull(end_time, start_time)))) AS end_ns
FROM (SELECT project, trace_id, span_id, start_time, resource, if(span_rows.ended, span_rows.end_time, NULL) AS end_time FROM span_rows FINAL)
WHERE project = {p0:String} AND trace_id = {p1:String} AND span_id = {p2:String}
