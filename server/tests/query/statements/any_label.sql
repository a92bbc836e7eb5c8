SELECT 1 AS there
FROM label_rows
WHERE project = {p0:String} AND model = {p1:String}
LIMIT 1
