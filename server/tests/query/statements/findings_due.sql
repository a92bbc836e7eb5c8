SELECT model, version, toUnixTimestamp64Nano(toDateTime64(start, 9, 'UTC')) AS start_ns, received,
    newest_ns
FROM (
    SELECT toString(model) AS model, toString(version) AS version, toStartOfInterval(time, toIntervalSecond(300)) AS start, count() AS received,
        toUInt64(toUnixTimestamp64Nano(max(ingested_at))) AS newest_ns
    FROM prediction_rows
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND model IN {p1:Array(String)}
    GROUP BY model, version, start
) AS held
LEFT JOIN (
    SELECT toString(subject) AS model, toString(version) AS version, toDateTime(window_start, 'UTC') AS start,
        argMax(finding_rows.received, said) AS received_then, argMax(newest, said) AS newest_then,
        argMax(schema_version, said) AS schema_then
    FROM finding_rows
    WHERE project = {p0:String} AND subject_type = 'model' AND subject IN {p1:Array(String)} AND window_start >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND type = ''
    GROUP BY model, version, start
) AS looked USING (model, version, start)
WHERE received > received_then OR newest_ns > newest_then OR schema_then != {p2:Array(Int64)}[indexOf({p1:Array(String)}, model)]
ORDER BY start DESC, newest_ns, model, version
LIMIT 50
