SELECT 1 - toUInt8(log2(bitXor(grouping(v0, v1), 3))) AS which, [v0, v1][which + 1] AS value, count() AS records
FROM (
    SELECT substringUTF8(toString(service), 1, 512) AS v0, substringUTF8(toString(if(position(attr_values[if(extract(attr_shape, {p0:String}) = '.', countMatches(extract(attr_shape, {p1:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)], char(0)) = 0, attr_values[if(extract(attr_shape, {p0:String}) = '.', countMatches(extract(attr_shape, {p1:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)], arrayStringConcat(arrayMap((part, i) -> multiIf(i % 2 = 1, part, part = '', char(0), dictGetOrDefault('messages', 'text', (project, part), '')), splitByChar(char(0), attr_values[if(extract(attr_shape, {p0:String}) = '.', countMatches(extract(attr_shape, {p1:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)]), arrayEnumerate(splitByChar(char(0), attr_values[if(extract(attr_shape, {p0:String}) = '.', countMatches(extract(attr_shape, {p1:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)])))))), 1, 512) AS v1
    FROM (SELECT project, service, start_time, status, attr_shape, attr_values FROM span_rows FINAL)
    WHERE project = {p2:String} AND start_time >= fromUnixTimestamp64Nano({p3:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p4:Int64}, 'UTC') AND status = {p5:String}
)
GROUP BY GROUPING SETS ((v0), (v1))
ORDER BY which, records DESC, value
LIMIT 11 BY which
