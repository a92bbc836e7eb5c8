RENAME TABLE {database}.feature_statistics_moved TO {database}.feature_statistics_rows
