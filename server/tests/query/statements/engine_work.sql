SELECT (SELECT count() FROM system.merges WHERE database = currentDatabase()) AS merges,
    (SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done) AS mutations,
    (SELECT count() FROM system.processes) AS running
