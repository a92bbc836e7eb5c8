SELECT dataset, model, version, slice, window_start, window_end, rows, said, window_key
FROM feature_windows
WHERE ((project, dataset, model, version, slice) IN (({p0:String}, {p1:String}, {p2:String}, {p3:String}, {p4:String})) AND day IN (0, 20758)) OR ((project, dataset, model) IN (({p0:String}, {p5:String}, {p1:String})))
SETTINGS max_threads = 1, optimize_move_to_prewhere = 0, output_format_arrow_low_cardinality_as_dictionary = 1
