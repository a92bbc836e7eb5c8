DROP VIEW IF EXISTS {database}.feature_windows_seen SYNC
