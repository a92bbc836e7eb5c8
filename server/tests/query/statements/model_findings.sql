SELECT toString(subject) AS model, uniqExactIf((version, detector, slice, feature, type), type != '') AS found,
    uniqExactIf((version, detector, slice, feature, type), type != '' AND severity = 'ERROR') AS errors
FROM (SELECT project, detector, subject_type, subject, version, feature, slice, type, severity, last_seen, if(finding_rows.subject_type = 'model', toString(finding_rows.subject), '') AS model FROM finding_rows FINAL WHERE NOT withdrawn)
WHERE project = {p0:String} AND last_seen >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND subject_type = 'model' AND subject IN {p3:Array(String)}
GROUP BY subject
