SELECT 1
FROM (SELECT project, model, time, number_lists, embedding FROM prediction_rows FINAL)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND model = {p3:String} AND (length(embedding) > 2 OR arrayExists(list -> length(list) > 2, mapValues(number_lists)))
LIMIT 1
