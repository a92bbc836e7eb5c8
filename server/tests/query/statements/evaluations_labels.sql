SELECT toString(label) AS of_label, count() AS records
FROM (SELECT project, time, name, label FROM evaluation_rows FINAL WHERE NOT withdrawn)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND name = {p3:String} AND label != ''
GROUP BY of_label
ORDER BY records DESC, of_label
LIMIT 50
