SELECT project, sum(rows) AS stored, sum(rows * bytes_each) AS bytes, min(toInt64OrNull(day)) AS oldest
FROM (
    SELECT toString(project) AS project, _partition_id AS day, count() AS rows
    FROM span_rows
    WHERE has({p0:Array(String)}, project)
    GROUP BY project, day
) AS mine
INNER JOIN (
    SELECT partition_id AS day, sum(bytes_on_disk) / sum(rows) AS bytes_each
    FROM system.parts
    WHERE active AND database = currentDatabase() AND table = 'span_rows'
    GROUP BY day
) AS files USING (day)
GROUP BY project
