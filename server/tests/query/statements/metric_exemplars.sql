SELECT at, value, trace_id, span_id
FROM (
    SELECT toInt64(least(one.1, 9223372036854775807)) AS at, one.2 AS value, one.3 AS trace_id, one.4 AS span_id
    FROM (
        SELECT arrayJoin(JSONExtract(exemplars_json, 'Array(Tuple(UInt64, Float64, String, String, Array(Tuple(String, String, String))))')) AS one
        FROM (SELECT project, name, time, type, unit, attr_shape, attr_values, metric_rows.exemplars AS exemplars_json FROM metric_rows FINAL)
        WHERE project = {p0:String} AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND (has(attr_values, {p2:String}) AND attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p2:String}) AND name = {p5:String} AND type = {p6:String} AND unit = {p7:String} AND time >= fromUnixTimestamp64Nano({p8:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND exemplars_json != ''
    )
    WHERE trace_id != '' AND isFinite(value) AND at >= {p8:Int64} AND at < {p1:Int64}
    ORDER BY value DESC, at
    LIMIT 1 BY intDiv(at - {p8:Int64}, {p9:Int64})
)
ORDER BY at DESC
LIMIT 100
