SELECT body, attr_shape
FROM (SELECT project, time, body, log_id, attr_shape FROM log_rows FINAL)
WHERE project = {p0:String} AND log_id = toFixedString(unhex({p1:String}), 16) AND time = fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
LIMIT 1
