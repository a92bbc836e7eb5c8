DROP TABLE IF EXISTS {database}.feature_windows SYNC
