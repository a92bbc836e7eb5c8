SELECT window_key, feature, kind, type, position, said, sums, points, top_values, top_frequencies
FROM feature_statistics_rows
WHERE project = {p0:String} AND dataset = {p1:String} AND model = {p2:String} AND window_key IN {p3:Array(UInt64)}
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_low_cardinality_as_dictionary = 1
