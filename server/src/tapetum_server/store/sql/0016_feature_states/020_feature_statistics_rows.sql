-- There is one already, unless a start was cut off between the two statements that follow the next.
CREATE TABLE {database}.feature_statistics_rows AS {database}.feature_statistics_moved
