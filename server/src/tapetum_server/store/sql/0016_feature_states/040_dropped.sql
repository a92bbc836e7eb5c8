DROP TABLE IF EXISTS {database}.feature_statistics_rows SYNC
