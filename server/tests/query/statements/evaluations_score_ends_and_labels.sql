SELECT toString(label) AS of_label, count() AS records, toInt64(count(score)) AS scored, min(score) AS low,
    max(score) AS high, uniqUpTo(10)(score) AS distinct
FROM (SELECT project, time, name, score, label FROM evaluation_rows FINAL WHERE NOT withdrawn)
WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC') AND name = {p3:String} GROUP BY GROUPING SETS ((), (of_label))
HAVING grouping(of_label) = 1 OR of_label != ''
ORDER BY grouping(of_label) DESC, records DESC, of_label
LIMIT 51
