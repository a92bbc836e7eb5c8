CREATE OR REPLACE VIEW {database}.changes AS
SELECT
    toString(change_rows.project) AS project,
    time,
    toString(change_rows.kind) AS kind,
    toString(change_rows.subject) AS subject,
    before,
    after,
    toString(change_rows.source) AS source,
    JSONExtract(change_rows.attributes, 'Map(String, String)') AS attributes
FROM {database}.change_rows FINAL
UNION ALL
SELECT
    project,
    seen AS time,
    'deploy' AS kind,
    service AS subject,
    previous AS before,
    release AS after,
    'derived' AS source,
    CAST(if(environment = '', map(), map('deployment.environment.name', environment)), 'Map(String, String)') AS attributes
FROM
(
    SELECT
        project,
        service,
        environment,
        release,
        seen,
        lagInFrame(release) OVER (
            PARTITION BY project, service, environment ORDER BY seen, release
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS previous
    FROM
    (
        SELECT
            toString(project) AS project,
            toString(service) AS service,
            toString(environment) AS environment,
            release,
            min(first_seen) AS seen
        FROM {database}.release_rows
        GROUP BY project, service, environment, release
    )
)
WHERE previous != ''
    AND (project, service, release) NOT IN (
        SELECT toString(project), toString(subject), after FROM {database}.change_rows WHERE kind = 'deploy'
    )
