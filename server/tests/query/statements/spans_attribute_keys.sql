SELECT substring(entry, 3) AS key, toUInt64(sum(records)) AS records
FROM (
    SELECT attr_shape, count() AS records
    FROM (SELECT project, start_time, attr_shape FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND attr_shape != ''
    GROUP BY attr_shape
)
ARRAY JOIN splitByChar(char(0), toString(attr_shape)) AS entry
GROUP BY key
ORDER BY records DESC, key
LIMIT 100
