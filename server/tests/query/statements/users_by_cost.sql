SELECT id, if(max(part) < 0, -1, sumIf(part, part >= 0)) AS sort_key, toInt64(bitShiftRight(cityHash64(id), 1)) AS place
FROM (
    SELECT trace_id, groupUniqArrayIf(user_id, user_id != '') AS ids, if(countIf(usage_counted AND isNotNull(cost_usd)) = 0, -1, sumIf(toInt64(round(ifNull(cost_usd, 0) * 1e9)), usage_counted)) AS part
    FROM (SELECT project, trace_id, start_time, user_id, span_rows.owns_usage AND (project, trace_id, span_id) NOT IN (SELECT project, trace_id, span_id FROM span_duplicates WHERE project = {p0:String}) AS usage_counted, if(span_rows.log_key = '', span_rows.cost_usd, arrayMap(t -> if(span_rows.cost_status = 'no_usage' AND isNull(t.1), NULL, span_rows.cost_usd + ifNull(greatest(toFloat64(ifNull(t.1, 0)) - toFloat64(ifNull(span_rows.output_tokens, 0)), 0) * span_rows.output_rate + if(isNull(span_rows.cache_read_tokens), least(toFloat64(ifNull(t.2, 0)), toFloat64(span_rows.input_tokens)), 0) * (span_rows.cache_read_rate - span_rows.input_rate) + if(isNull(span_rows.cache_write_tokens), least(toFloat64(ifNull(t.3, 0)), greatest(toFloat64(span_rows.input_tokens) - toFloat64(ifNull(ifNull(span_rows.cache_read_tokens, t.2), 0)), 0)), 0) * (span_rows.cache_write_rate - span_rows.input_rate), 0)), [dictGetOrDefault('enrichments', ('output_tokens', 'cache_read_tokens', 'cache_write_tokens'), (project, if(span_rows.log_key = 'span', trace_id, ''), if(span_rows.log_key = 'span', span_id, span_rows.log_key)), (NULL, NULL, NULL))])[1]) AS cost_usd FROM span_rows FINAL)
    WHERE project = {p0:String} AND start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
    GROUP BY trace_id
    HAVING notEmpty(ids)
) ARRAY JOIN ids AS id
GROUP BY id
ORDER BY sort_key DESC, place DESC
LIMIT 51
