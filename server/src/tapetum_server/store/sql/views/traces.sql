CREATE OR REPLACE VIEW {database}.traces AS
SELECT
    project,
    trace_id,
    argMin(spans.name, (spans.parent_span_id != '', spans.start_time)) AS root_name,
    argMin(spans.service, (spans.parent_span_id != '', spans.start_time)) AS service,
    min(spans.start_time) AS start_time,
    if(countIf(spans.state = 'running') > 0, NULL,
       (toUnixTimestamp64Nano(assumeNotNull(max(spans.end_time))) - toUnixTimestamp64Nano(min(spans.start_time))) / 1e6) AS duration_ms,
    if(countIf(spans.state = 'running') > 0, 'running', 'ended') AS state,
    count() AS span_count,
    countIf(spans.status = 'error') AS error_count,
    arraySort(groupUniqArrayIf(spans.model, spans.model != '')) AS models,
    sumIf(spans.input_tokens, spans.usage_counted) AS input_tokens,
    sumIf(spans.output_tokens, spans.usage_counted) AS output_tokens,
    sumIf(spans.cost_usd, spans.usage_counted) AS cost_usd,
    countIf(spans.kind IN ('llm', 'embedding', 'reranker') AND spans.duplicate_of = '' AND isNull(spans.cost_usd)
            AND (spans.usage_counted OR spans.status != 'error')) AS unpriced,
    anyIf(spans.session_id, spans.session_id != '') AS session_id,
    anyIf(spans.user_id, spans.user_id != '') AS user_id,
    multiIf(countIf(spans.status = 'error') > 0, 'error', countIf(spans.status = 'ok') > 0, 'ok', 'unset') AS status
FROM {database}.spans AS spans
GROUP BY project, trace_id
