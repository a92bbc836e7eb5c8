SELECT toString(model) AS model, sumIf(n, step >= 0) AS predictions, sumIf(n, step < 0) AS before,
    sumIf(odd, step >= 0) AS flagged_count, minIf(first, step >= 0) AS first_ns, maxIf(last, step >= 0) AS last_ns,
    arraySlice(arrayDistinct(arrayMap(v -> v.2, arrayReverseSort(groupArrayIf((last, version), step >= 0)))), 1,
        50) AS versions,
    groupArrayIf((step, n), step >= 0) AS by_step, count() OVER () AS total, sum(sum(n)) OVER () AS all_rows
FROM (
    SELECT any(t_model) AS model, toString(any(t_version)) AS version, any(t_step) AS step, count() AS n,
        countIf(flagged) AS odd, toUnixTimestamp64Nano(min(time)) AS first, toUnixTimestamp64Nano(max(time)) AS last
    FROM (
        SELECT model AS t_model, version AS t_version, if(time < fromUnixTimestamp64Nano({p3:Int64}, 'UTC'), -1, intDiv(toUnixTimestamp64Nano(time) - {p1:Int64}, {p4:Int64})) AS t_step, flagged, time
        FROM (SELECT project, model, version, time, CAST(NOT ifNull(score >= 0 AND score <= 1, 1) OR arrayExists(p -> NOT (p >= 0 AND p <= 1), mapValues(scores)), 'Bool') AS flagged FROM prediction_rows)
        WHERE project = {p0:String} AND time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    )
    GROUP BY cityHash64(cityHash64(t_model), cityHash64(t_version), t_step)
)
GROUP BY model
HAVING predictions > 0
ORDER BY predictions DESC, model
LIMIT 200
