SELECT grouping(step) AS whole, step, countIf(ifNull(verdict, 0)) / countIf(isNotNull(verdict)) AS value, count() AS records, label_0
FROM (
    SELECT intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p4:Int64}) AS step, if(isNull(score) OR isNull(threshold), NULL, score >= threshold) AS verdict, toString(name) AS label_0
    FROM (SELECT project, time, name, score, threshold, source FROM evaluation_rows FINAL WHERE NOT withdrawn)
    WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND source = {p3:String}
)
GROUP BY GROUPING SETS ((step, label_0), (label_0))
