SELECT table, sum(rows) AS held, sum(parts) AS pieces, max(parts) AS most, sum(bytes) AS size
FROM (
    SELECT table, partition, sum(rows) AS rows, count() AS parts, sum(bytes_on_disk) AS bytes
    FROM system.parts
    WHERE active AND database = currentDatabase()
    GROUP BY table, partition
)
GROUP BY table
ORDER BY size DESC, table
LIMIT 100
