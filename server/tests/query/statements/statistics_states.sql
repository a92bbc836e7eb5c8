SELECT version, slice, toUnixTimestamp64Nano(window_start) AS start_ns,
    toUnixTimestamp64Nano(window_end) AS end_ns, feature, kind, type, position, said, sums, points, top_values,
    top_frequencies
FROM feature_statistics_rows
WHERE project = {p2:String} AND dataset = {p3:String} AND model = {p4:String} AND version = {p5:String} AND version IN {p6:Array(String)} AND slice IN {p7:Array(String)} AND window_start IN {p8:Array(DateTime64(9))} AND has(arrayZip({p0:Array(Int64)}, {p1:Array(Int64)}), (start_ns, end_ns))
