SELECT step, sum(held) AS of_examples, sum(windows) AS of_windows, sum(bad) AS of_errors,
    sum(odd) AS of_warnings, max(most) AS of_rows
FROM (
    SELECT step, 0 AS held, 0 AS windows, uniqExactIf((subject, version, detector, slice, feature, type), severity = 'ERROR') AS bad,
        uniqExactIf((subject, version, detector, slice, feature, type), severity != 'ERROR') AS odd, max(rows) AS most
    FROM (
        SELECT intDiv(toUnixTimestamp64Nano(window_start) - {p0:Int64}, {p1:Int64}) AS step, subject_type, subject, version, detector, slice, feature, type, severity, rows
        FROM (SELECT project, detector, subject_type, subject, version, feature, slice, type, window_start, severity, rows, last_seen, if(finding_rows.subject_type = 'model', toString(finding_rows.subject), '') AS model FROM finding_rows FINAL WHERE type != '' AND NOT withdrawn)
        WHERE project = {p2:String} AND last_seen >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND model = {p4:String} AND feature = {p5:String}
    )
    GROUP BY step
    UNION ALL
    SELECT intDiv(toUnixTimestamp64Nano(window_start) - {p0:Int64}, {p1:Int64}) AS step, sum(examples) AS held, count() AS windows, 0 AS bad, 0 AS odd, 0 AS most
    FROM (SELECT project, window_start, examples, last_seen, if(finding_rows.subject_type = 'model', toString(finding_rows.subject), '') AS model FROM finding_rows FINAL WHERE type = '')
    WHERE project = {p2:String} AND last_seen >= fromUnixTimestamp64Nano({p0:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND model = {p4:String}
    GROUP BY step
)
WHERE step >= 0
GROUP BY step
