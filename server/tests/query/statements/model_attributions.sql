SELECT 1 AS there
FROM (SELECT mapKeys(numeric) AS names FROM prediction_rows WHERE project = {p0:String} AND model = {p1:String} AND time >= fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC') LIMIT 200)
WHERE arrayExists(name -> startsWith(name, 'attributions.'), names)
LIMIT 1
