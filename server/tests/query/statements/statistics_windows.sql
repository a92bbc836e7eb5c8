SELECT version, toUnixTimestamp64Nano(window_start) AS start_ns,
    toUnixTimestamp64Nano(window_end) AS end_ns, max(rows) AS held
FROM feature_statistics_rows
WHERE project = {p0:String} AND dataset = {p1:String} AND model = {p2:String} AND slice = {p3:String} AND version = {p4:String} AND window_start >= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND window_end <= fromUnixTimestamp64Nano({p6:Int64}, 'UTC')
GROUP BY version, start_ns, end_ns
