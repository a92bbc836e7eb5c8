SELECT *
FROM findings
WHERE project = {p0:String} AND last_seen >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
AND (subject_type, subject, version, window_start, detector, slice, feature, type) IN (SELECT subject_type, subject, version, window_start, detector, slice, feature, type FROM (SELECT project, detector, subject_type, subject, version, feature, slice, type, window_start, last_seen FROM finding_rows FINAL WHERE type != '' AND NOT withdrawn) WHERE project = {p0:String} AND last_seen >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND feature = {p3:String})
ORDER BY last_seen DESC, subject_type, subject, version, window_start, detector, slice, feature, type
LIMIT 100
