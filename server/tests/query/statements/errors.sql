SELECT *, latest_ns AS sort_key
FROM (
    SELECT toString(fingerprint) AS fingerprint, toInt64(count()) AS occurrences,
        toInt64(countIf(NOT handled)) AS unhandled,
        toInt64(uniqExactIf(trace_id, trace_id != '')) AS traces,
        toInt64(uniqExactIf(user_id, user_id != '')) AS users,
        arraySort(arrayMap(s -> toString(s), groupUniqArray(20)(service))) AS services,
        arraySort(arrayMap(e -> toString(e), groupUniqArrayIf(20)(environment, environment != ''))) AS environments,
        toUnixTimestamp64Nano(max(time)) AS latest_ns,
        argMax([toString(type), message, toString(template), toString(culprit), toString(source), toString(severity)],
            time) AS latest
    FROM (SELECT project, time, fingerprint, type, message, template, culprit, handled, source, trace_id, service, environment, severity, user_id, attr_shape, attr_values, resource FROM error_rows FINAL WHERE counted)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND NOT (service IN {p3:Array(String)}) AND startsWith(type, {p4:String}) AND (has(attr_values, {p5:String}) AND attr_values[if(extract(attr_shape, {p6:String}) = '.', countMatches(extract(attr_shape, {p7:String}), '(?s)(?:^|\\x00)[a-z]\\.') + 1, 0)] = {p5:String}) AND match(resource, {p8:String})
    GROUP BY fingerprint
) AS found
INNER JOIN (
    SELECT fingerprint, toUnixTimestamp64Nano(min(first_seen)) AS first_ns,
        toUnixTimestamp64Nano(max(last_seen)) AS last_ns, argMinIfMerge(first_version) AS oldest,
        argMaxIfMerge(last_version) AS newest
    FROM error_groups
    WHERE project = {p0:String}
    GROUP BY fingerprint
) AS known USING (fingerprint)
WHERE sort_key < {p9:Int64} OR (sort_key = {p9:Int64} AND fingerprint < {p10:String})
ORDER BY sort_key DESC, fingerprint DESC
LIMIT 51
