SELECT *
FROM errors
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
AND (time, error_id) IN (SELECT time, error_id FROM (SELECT project, time, service, error_rows.identity AS error_id FROM error_rows FINAL WHERE counted) WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND service = {p3:String})
ORDER BY time DESC, error_id
LIMIT 100
