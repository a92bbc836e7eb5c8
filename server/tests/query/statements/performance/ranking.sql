SELECT spec, slice, period, t_part, sum(all_rows) AS rows, sum(known) AS labelled, sum(docs) AS examples,
    sumIf(w, docs > 0) AS queries, sum(w * docs) AS documents, sumIf(w, found > 0) AS relevant,
    sumIf(w, ideal[1] > 0) AS gaining, sumIf(w * first, found > 0) AS position,
    minIf(w * docs, docs > 0) AS fewest, max(w * docs) AS most,
    sumForEach(arrayMap(x -> x * w, ndcg_at)) AS ndcg, sumForEach(arrayMap(x -> x * w, precision_at)) AS precision,
    sumForEach(arrayMap(x -> x * w, recall_at)) AS recall, sumForEach(arrayMap(x -> x * w, ap_at)) AS average_precision,
    sumForEach(arrayMap(x -> x * w, rr_at)) AS reciprocal_rank, sumForEach(arrayMap(x -> x * w, hit_at)) AS hit
FROM (
    SELECT *, arrayJoin(range(20)) AS t_part, toFloat64(query_weight * arrayMap(u -> multiIf(u < 0.36787944117144233, 0, u < 0.7357588823428847, 1, u < 0.9196986029286058, 2, u < 0.9810118431238462, 3, u < 0.9963401531726563, 4, u < 0.9994058151824183, 5, u < 0.9999167588507119, 6, u < 0.9999897508033253, 7, 8), [cityHash64(query, t_part) / 18446744073709551616.])[1]) AS w
    FROM (
        SELECT spec, slice, period, query, sum(n) AS all_rows, sum(known_rows) AS known, toInt64(sum(used)) AS docs,
            toInt64(sum(positive)) AS found, sum(weights) / greatest(docs, 1) AS query_weight,
            arraySort(c -> -c.1, groupArrayIf((score, toInt64(used), gains, toInt64(positive)), used > 0)) AS cells,
            arrayReverseSort(arrayFlatten(groupArray(gain_list))) AS ideal,
            arrayCumSum(c -> c.2, cells) AS to_rank, arrayMap((e, c) -> e - c.2, to_rank, cells) AS from_rank,
            arrayCumSum(c -> c.4, cells) AS found_to,
            arrayPushFront(arrayCumSum(i -> 1 / log2(i + 2), range(toUInt64(docs))), 0.) AS discount,
            arrayFirst((e, c) -> c.4 > 0, to_rank, cells) AS first,
            arrayMap(k -> least(k, docs), {p0:Array(Int64)}) AS last_rank,
            arrayMap(m -> arraySum((c, s, e) -> c.3 / c.2 * (discount[least(e, m) + 1] - discount[least(s, m) + 1]),
                cells, from_rank, to_rank), last_rank) AS gained,
            arrayMap(m -> arraySum((g, i) -> if(i <= m, g / log2(i + 1), 0), ideal, arrayEnumerate(ideal)), last_rank)
                AS could_gain,
            arrayMap((g, of) -> if(of > 0, g / of, 0), gained, could_gain) AS ndcg_at,
            arrayMap(m -> arraySum((c, s, e) -> c.4 / c.2 * (least(e, m) - least(s, m)), cells, from_rank, to_rank),
                last_rank) AS hits,
            arrayMap((h, k) -> h / k, hits, {p0:Array(Int64)}) AS precision_at,
            arrayMap(h -> h / greatest(found, 1), hits) AS recall_at,
            arrayMap((m, k) -> arraySum((c, e, f) -> if(e <= m, c.4 * f / e, 0), cells, to_rank, found_to)
                / greatest(least(k, found), 1), last_rank, {p0:Array(Int64)}) AS ap_at,
            arrayMap(k -> if(found > 0 AND first <= k, 1 / first, 0), {p0:Array(Int64)}) AS rr_at,
            arrayMap(k -> if(found > 0 AND first <= k, 1., 0.), {p0:Array(Int64)}) AS hit_at
        FROM (
            SELECT indexOf([notEmpty(t_slice_0), notEmpty(t_slice_1)], 1) - 1 AS spec, concat(t_slice_0, t_slice_1, '') AS slice, t_period AS period, t_query AS query,
                t_score AS score, count() AS n, countIf(t_known) AS known_rows, countIf(t_usable) AS used,
                sumIf(t_gain, t_usable) AS gains, countIf(t_usable AND t_label > 0) AS positive,
                sumIf(t_weight, t_usable) AS weights, groupArrayIf(t_gain, t_usable) AS gain_list
            FROM (
                SELECT materialize('[]') AS t_slice_0, toJSONString([CAST(CAST(`city`, 'Nullable(String)'), 'Nullable(String)')]) AS t_slice_1, toInt64(0) AS t_period,
                    ifNull(CAST(CAST(`query`, 'Nullable(String)'), 'Nullable(String)'), '') AS t_query,
                    ifNull(CAST(`ranked`, 'Nullable(Float64)'), nan) AS t_score, ifNull(CAST(`grade`, 'Nullable(Float64)'), nan) AS t_label, ifNull(CAST(`grade`, 'Nullable(Float64)'), nan) AS t_gain,
                    isFinite(t_label) AS t_known, toFloat64(ifNull(CAST(`weight`, 'Nullable(Float64)'), 0)) AS t_weight,
                    notEmpty(t_query) AND isFinite(t_score) AND t_known AND isFinite(t_gain) AS t_usable
                FROM file({frame_path:String}, 'Parquet') WHERE true
            )
            GROUP BY GROUPING SETS ((t_slice_0, t_period, t_query, t_score), (t_slice_1, t_period, t_query, t_score))
HAVING notEmpty(concat(t_slice_0, t_slice_1, ''))
        )
        GROUP BY spec, slice, period, query
    )
)
GROUP BY spec, slice, period, t_part
ORDER BY spec, slice, period, t_part LIMIT 200020
