SELECT arrayStringConcat([toString(service), toString(if(position(attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)], char(0)) = 0, attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)], arrayStringConcat(arrayMap((part, i) -> multiIf(i % 2 = 1, part, part = '', char(0), dictGetOrDefault('messages', 'text', (project, part), '')), splitByChar(char(0), attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)]), arrayEnumerate(splitByChar(char(0), attr_values[if(extract(attr_shape, {p3:String}) = '.', countMatches(extract(attr_shape, {p4:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)]))))))], char(31)) AS labels, count() AS records
FROM (SELECT project, service, start_time, attr_shape, attr_values FROM span_rows FINAL)
WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
GROUP BY labels
ORDER BY records DESC, labels
LIMIT 101
