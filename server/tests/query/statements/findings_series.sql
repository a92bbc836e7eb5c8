SELECT grouping(step) AS whole, step, toFloat64(sum(rows)) AS value, count() AS records, label_0
FROM (
    SELECT intDiv(toUnixTimestamp64Nano(last_seen) - {p1:Int64}, {p4:Int64}) AS step, rows, toString(feature) AS label_0
    FROM (SELECT project, feature, rows, last_seen, if(finding_rows.subject_type = 'model', toString(finding_rows.subject), '') AS model FROM finding_rows FINAL WHERE type != '' AND NOT withdrawn)
    WHERE project = {p0:String} AND last_seen >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String}
)
GROUP BY GROUPING SETS ((step, label_0), (label_0))
