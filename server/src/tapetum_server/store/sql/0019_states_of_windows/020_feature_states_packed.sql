CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.feature_states_packed TO {database}.feature_states AS
SELECT
    project, dataset, model, window_key, cityHash64(arraySort(features)) AS features_key, said, window_end,
    concat(
        -- Through hex digits: without them, bytes that are 0 are lost at the end of each number.
        unhex(arrayStringConcat(arrayMap(
            number -> hex(reinterpretAsFixedString(number)),
            arrayConcat(
                [toFloat64(length(features)), toFloat64(length(words))],
                arrayMap(n -> toFloat64(n), arrayConcat(positions, sum_counts, point_counts, word_counts)),
                all_sums, all_points, frequencies
            )
        ))),
        unhex(arrayStringConcat(arrayMap(
            text -> hex(reinterpretAsFixedString(toUInt32(length(text)))), arrayConcat(features, kinds, types, words)
        ))),
        arrayStringConcat(arrayConcat(features, kinds, types, words))
    ) AS state
FROM
(
    SELECT
        project, dataset, model, window_key, said, max(feature_statistics_rows.window_end) AS window_end,
        groupArray(toString(feature)) AS features, groupArray(toString(kind)) AS kinds, groupArray(toString(type)) AS types,
        groupArray(position) AS positions,
        groupArray(length(sums)) AS sum_counts, groupArrayArray(sums) AS all_sums,
        groupArray(length(points)) AS point_counts, groupArrayArray(points) AS all_points,
        groupArray(length(top_values)) AS word_counts, groupArrayArray(top_values) AS words,
        groupArrayArray(top_frequencies) AS frequencies
    FROM {database}.feature_statistics_rows
    GROUP BY project, dataset, model, window_key, said
)
SETTINGS optimize_aggregation_in_order = 1, max_threads = 1
