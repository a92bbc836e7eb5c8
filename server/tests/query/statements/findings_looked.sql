SELECT subject, version, count() AS windows, sum(examples) AS held,
    toUnixTimestamp64Nano(max(window_end)) AS until_ns
FROM (SELECT project, subject, version, window_end, examples, last_seen, if(finding_rows.subject_type = 'model', toString(finding_rows.subject), '') AS model FROM finding_rows FINAL WHERE type = '')
WHERE project = {p0:String} AND last_seen >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String}
GROUP BY subject, version
ORDER BY until_ns DESC, subject, version
LIMIT 1000
