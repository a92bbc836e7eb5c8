SELECT toString(project) AS project, toString(signal) AS signal, sum(count) AS accepted
FROM ingest_rows
WHERE has({p0:Array(String)}, project) AND outcome = 'accepted'
    AND time >= toDateTime({p1:Int64}, 'UTC')
GROUP BY project, signal
