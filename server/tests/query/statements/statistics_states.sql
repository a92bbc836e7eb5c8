SELECT window_key, said, state
FROM feature_states
WHERE project = {p2:String} AND indexHint(dataset = {p0:String}) AND model = {p1:String} AND window_key IN {p3:Array(UInt64)}
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_string_as_string = 0
