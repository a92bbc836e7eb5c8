SELECT *, last_window >= newest_window AND last_window + toIntervalSecond(900) > newest_of_all AS current
FROM (
    SELECT subject_type, subject, version, detector, slice, feature, type, argMax(severity, window_start) AS worst, argMax(short, window_start) AS said,
    argMax(evidence, window_start) AS told, argMax(offending, window_start) AS values,
    argMax(value, window_start) AS measured, argMax(threshold, window_start) AS allowed, sum(rows) AS concerned,
    sum(examples) AS held, count() AS windows, toUnixTimestamp64Nano(min(first_seen)) AS first_ns,
    toUnixTimestamp64Nano(max(last_seen)) AS last_ns, max(window_start) AS last_window,
    argMax(schema_version, window_start) AS against, argMax(rows_filter, window_start) AS finds
    FROM (SELECT project, detector, subject_type, subject, version, feature, slice, type, window_start, value, threshold, severity, short, evidence, offending, rows, examples, first_seen, last_seen, schema_version, rows_filter, if(finding_rows.subject_type = 'model', toString(finding_rows.subject), '') AS model FROM finding_rows FINAL WHERE type != '' AND NOT withdrawn)
    WHERE project = {p0:String} AND last_seen >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String} AND severity = {p4:String}
    GROUP BY subject_type, subject, version, detector, slice, feature, type
) AS found
LEFT JOIN (
    SELECT *, max(newest_window) OVER (PARTITION BY subject_type, subject) AS newest_of_all
    FROM (
        SELECT subject_type, subject, version, max(window_start) AS newest_window
        FROM finding_rows
        WHERE project = {p0:String} AND type = ''
        GROUP BY subject_type, subject, version
    )
) AS looks USING (subject_type, subject, version)
ORDER BY current DESC, worst = 'ERROR' DESC, detector = 'schema' DESC, concerned DESC, subject_type, subject, version, detector, slice, feature, type
LIMIT {p5:Int64}
