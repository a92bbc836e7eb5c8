SELECT count() AS t_rows, [countIf((trace_id) != ''), countIf((ifNull(CAST(label, 'Nullable(String)'), '')) != '')] AS t_said, [uniqIf(trace_id, (trace_id) != ''), uniqIf(ifNull(CAST(label, 'Nullable(String)'), ''), (ifNull(CAST(label, 'Nullable(String)'), '')) != '')] AS t_distinct
FROM prediction_rows WHERE true
