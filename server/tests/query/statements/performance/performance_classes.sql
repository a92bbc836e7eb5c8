SELECT DISTINCT assumeNotNull(t_class) AS class
FROM (SELECT arrayJoin([CAST(CAST(`kind`, 'Nullable(String)'), 'Nullable(String)')]) AS t_class FROM file({frame_path:String}, 'Parquet') WHERE true)
WHERE isNotNull(t_class) ORDER BY class LIMIT 201
