WITH arraySort(peer -> (tupleElement(peer, 3), tupleElement(peer, 1)), groupArrayIf((trace_id, toUnixTimestamp64Nano(start_time), took_ms, status), status != 'error')) AS good
SELECT count() AS peers,
    argMaxIf((trace_id, toUnixTimestamp64Nano(start_time), took_ms, status), (start_time, trace_id), start_time < fromUnixTimestamp64Nano({p0:Int64}, 'UTC')) AS previous,
    good[intDiv(length(good) + 1, 2)] AS median, good[1] AS fastest,
    argMax((trace_id, toUnixTimestamp64Nano(start_time), took_ms, status), (took_ms, trace_id)) AS slowest
FROM (
    SELECT trace_id, start_time, assumeNotNull(duration_ms) AS took_ms, status
    FROM (SELECT project, trace_id, parent_span_id, name, service, start_time, status, if(span_rows.ended, (toUnixTimestamp64Nano(span_rows.end_time) - toUnixTimestamp64Nano(start_time)) / 1e6, NULL) AS duration_ms, if(span_rows.ended, 'ended', 'running') AS state FROM span_rows FINAL)
    WHERE project = {p1:String} AND start_time >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND name = {p4:String} AND service = {p5:String} AND parent_span_id = '' AND trace_id != {p6:String} AND state = 'ended'
    ORDER BY abs(toUnixTimestamp64Nano(start_time) - toUnixTimestamp64Nano(fromUnixTimestamp64Nano({p0:Int64}, 'UTC'))), trace_id
    LIMIT 10000
)
