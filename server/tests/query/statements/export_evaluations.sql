SELECT *
FROM evaluations
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
AND (time, evaluation_id) IN (SELECT time, evaluation_id FROM (SELECT project, time, evaluation_id, name FROM evaluation_rows FINAL WHERE NOT withdrawn) WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND name = {p3:String})
ORDER BY time DESC, evaluation_id
LIMIT 100
