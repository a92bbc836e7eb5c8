SELECT version, slice, toUnixTimestamp64Nano(window_start) AS start_ns,
    toUnixTimestamp64Nano(window_end) AS end_ns, rows AS held, said, window_key,
    dataset = {p1:String} AND model = {p2:String} AND version = {p3:String} AND slice IN ({p4:String}) AND window_start >= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND window_end <= fromUnixTimestamp64Nano({p6:Int64}, 'UTC') AS in0, dataset = {p7:String} AND model = {p1:String} AS in1
FROM feature_windows
WHERE project = {p0:String} AND ((dataset = {p1:String} AND model = {p2:String} AND version = {p3:String} AND slice IN ({p4:String}) AND window_start >= fromUnixTimestamp64Nano({p5:Int64}, 'UTC') AND window_end <= fromUnixTimestamp64Nano({p6:Int64}, 'UTC')) OR (dataset = {p7:String} AND model = {p1:String}))
