SELECT intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p5:Int64}) AS step, count() AS occurrences, countIf(toString(fingerprint) IN (
        SELECT fingerprint FROM error_groups WHERE project = {p0:String}
        GROUP BY fingerprint HAVING min(first_seen) >= fromUnixTimestamp64Nano({p4:Int64}, 'UTC')
    )) AS new
FROM (SELECT project, time, fingerprint, type, message, culprit FROM error_rows FINAL WHERE counted)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND (hasAllTokens(lowerUTF8(message), {p3:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(type), {p3:String}, 'unicodeWord') OR hasAllTokens(lowerUTF8(culprit), {p3:String}, 'unicodeWord'))
GROUP BY step
