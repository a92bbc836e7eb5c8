SELECT dataset, model, version, slice, window_start, window_end, rows, said, window_key
FROM feature_windows
WHERE project = {p0:String} AND ((dataset = {p1:String} AND model = {p2:String} AND version = {p3:String} AND slice IN ({p4:String}) AND day IN (0, 20758)) OR (dataset = {p5:String} AND model = {p1:String}))
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_low_cardinality_as_dictionary = 1
