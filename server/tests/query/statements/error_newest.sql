SELECT stacktrace, attributes
FROM (SELECT project, time, stacktrace, CAST((arrayMap(k -> toString(k), arrayMap(e -> substring(e, 3), if(error_rows.attr_shape = '', [], splitByChar(char(0), error_rows.attr_shape)))), arrayMap(v -> if(position(v, char(0)) = 0, v, arrayStringConcat(arrayMap((part, i) -> multiIf(i % 2 = 1, part, part = '', char(0), dictGetOrDefault('messages', 'text', (project, part), '')), splitByChar(char(0), v), arrayEnumerate(splitByChar(char(0), v))))), error_rows.attr_values)), 'Map(String, String)') AS attributes FROM error_rows FINAL WHERE counted)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
ORDER BY stacktrace != '' DESC, time DESC
LIMIT 1
