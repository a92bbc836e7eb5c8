SELECT DISTINCT cityHash64(span_rows.provider, span_rows.model, span_rows.request_model, multiIf(span_rows.service_tier != '', toString(span_rows.service_tier),
        startsWith(span_rows.price_version, 'genai-prices ') AND length(splitByChar(' ', span_rows.price_version)) = 5,
            splitByChar(' ', span_rows.price_version)[5],
        span_rows.service_tier = '' AND span_rows.cost_status = 'unknown_tier', '?', '')) AS key, toString(provider) AS provider, toString(model) AS model,
    toString(request_model) AS request_model, multiIf(span_rows.service_tier != '', toString(span_rows.service_tier),
        startsWith(span_rows.price_version, 'genai-prices ') AND length(splitByChar(' ', span_rows.price_version)) = 5,
            splitByChar(' ', span_rows.price_version)[5],
        span_rows.service_tier = '' AND span_rows.cost_status = 'unknown_tier', '?', '') AS tier
FROM span_rows
WHERE span_rows.project = {p0:String} AND span_rows.owns_usage AND span_rows.start_time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND span_rows.start_time < fromUnixTimestamp64Nano({p2:Int64}, 'UTC')
ORDER BY key
