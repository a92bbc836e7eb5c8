SELECT dataset, model, version, slice, window_start, window_end, rows, said, window_key
FROM feature_windows
WHERE project = {p0:String} AND ((dataset = {p3:String} AND model = {p4:String} AND version = {p5:String} AND slice IN ({p6:String}) AND ((window_start >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND window_end <= fromUnixTimestamp64Nano({p2:Int64}, 'UTC')))) OR (dataset = {p7:String} AND model = {p3:String}))
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_low_cardinality_as_dictionary = 1
