/**
 * Shapes of `/api/v1` answers, in the server's words.
 * Times are ISO-8601 UTC with nanoseconds; durations are milliseconds; ids are lower-case hex.
 */
export interface Identity {
  name: string
  scopes: string[]
  project: string | null
}

export interface Info {
  version: string
  auth: 'open' | 'keys'
  identity: Identity | null
  projects: string[]
  sql_enabled: boolean
  otlp_http: string
  otlp_grpc: string
  demo: boolean
}

export type SpanStatus = 'unset' | 'ok' | 'error'
export type SpanState = 'running' | 'ended'

export interface TraceRow {
  trace_id: string
  root_name: string
  service: string
  start_time: string
  duration_ms: number | null
  state: SpanState
  span_count: number
  error_count: number
  models: string[]
  input_tokens: number | null
  output_tokens: number | null
  cost_usd: number | null
  session_id: string
  user_id: string
  status: SpanStatus
}

export interface SpanRow {
  trace_id: string
  span_id: string
  parent_span_id: string
  name: string
  kind: string
  span_kind: string
  service: string
  start_time: string
  duration_ms: number | null
  state: SpanState
  status: SpanStatus
  status_message: string
  model: string
  input_tokens: number | null
  output_tokens: number | null
  cost_usd: number | null
  session_id: string
}

export interface Rows<T> {
  rows: T[]
  next_cursor: string | null
}

export interface SpanHistogram {
  interval_ms: number
  buckets: {
    time: string
    count: number
    error_count: number
    p50_ms: number | null
    p95_ms: number | null
    p99_ms: number | null
  }[]
}

export interface SpanHeatmap {
  times: string[]
  edges_ms: number[]
  /** One column per time, one count per duration band, shortest first. */
  counts: number[][]
  errors: number[][]
}

export interface FacetValue {
  value: string
  count: number
}
export interface Facet {
  key: string
  values: FacetValue[]
  more: boolean
}
export interface FacetAnswer {
  facets: Facet[]
  attribute_keys: { key: string; count: number }[]
}

/** Spans of one trace, column by column: 50,000 rows parse in milliseconds this way. */
export interface SpanColumns {
  span_id: string[]
  parent_span_id: string[]
  name: string[]
  kind: string[]
  span_kind: string[]
  service: string[]
  /** Nanoseconds after the trace's start. */
  start_ns: number[]
  duration_ns: (number | null)[]
  status: SpanStatus[]
  model: string[]
  input_tokens: (number | null)[]
  output_tokens: (number | null)[]
  cost_usd: (number | null)[]
  has_events: boolean[]
}

export interface TraceAnswer {
  trace: TraceRow & { end_time: string | null; services: string[] }
  spans: { columns: SpanColumns; count: number }
  start_time: string
  next_cursor: string | null
}

export interface AttributeValue {
  key: string
  type: string
  value: string
  /** Full length when `value` was cut. */
  truncated_from?: number | null
}

export interface SpanEvent {
  time: string
  name: string
  attributes: AttributeValue[]
}
export interface SpanLink {
  trace_id: string
  span_id: string
  trace_state: string
  attributes: AttributeValue[]
}
export interface Payload {
  text: string
  truncated_from?: number | null
}

export interface SpanDetail {
  project: string
  trace_id: string
  span_id: string
  parent_span_id: string
  name: string
  kind: string
  span_kind: string
  service: string
  scope: string
  scope_version: string
  start_time: string
  end_time: string | null
  duration_ms: number | null
  state: SpanState
  ingested_at: string
  status: SpanStatus
  status_message: string
  operation: string
  provider: string
  model: string
  response_id: string
  input_tokens: number | null
  output_tokens: number | null
  cache_read_tokens: number | null
  cache_write_tokens: number | null
  reasoning_tokens: number | null
  usage_counted: boolean | number
  duplicate_of: string
  cost_usd: number | null
  reported_cost_usd: number | null
  ttft_ms: number | null
  session_id: string
  user_id: string
  agent: string
  tool: string
  prompt_name: string
  prompt_version: string
  error_type: string
  trace_state: string
  flags: number
  dropped: number
  attributes: AttributeValue[]
  resource_attributes: AttributeValue[]
  events: SpanEvent[]
  links: SpanLink[]
  input: Payload | null
  output: Payload | null
}

export interface LogRow {
  time: string
  observed_time: string | null
  service: string
  severity_number: number
  severity: string
  body: string
  event_name: string
  trace_id: string
  span_id: string
  attributes: Record<string, string>
  resource_attributes: Record<string, string>
  id: string
}

export interface LogHistogram {
  interval_ms: number
  buckets: {
    time: string
    total: number
    trace: number
    debug: number
    info: number
    warn: number
    error: number
    fatal: number
  }[]
}

export interface TraceMetrics {
  series: { name: string; unit: string; attributes: Record<string, string>; points: [number, number][] }[]
}

export interface MetricEntry {
  name: string
  type: string
  unit: string
  description?: string
  /** Sums only: whether it never falls, so that a rate means something. */
  is_monotonic?: boolean | null
  services: string[]
  series: number
  points: number
  last_time: string
  attribute_keys: string[]
}

export type Aggregation = 'avg' | 'sum' | 'min' | 'max' | 'last' | 'count' | 'rate' | 'increase' | 'quantile'

export interface MetricQuery {
  project?: string
  name: string
  from: string
  to: string
  q?: string
  group_by: string[]
  aggregation: Aggregation
  quantile?: number
  step_s?: number
  compare_offset_s?: number
}

export interface MetricSeries {
  labels: Record<string, string>
  points: [number, number | null][]
  total: number | null
}

export interface MetricAnswer {
  name: string
  unit: string
  type: string
  step_s: number
  series: MetricSeries[]
  compare: MetricSeries[] | null
  truncated: boolean
}

export type Cell = string | number | boolean | null | Cell[] | { [key: string]: Cell }

export interface SqlAnswer {
  columns: { name: string; type: string }[]
  rows: Cell[][]
  elapsed_ms: number
  rows_read: number
  truncated: boolean
}

export interface SqlSchema {
  views: { name: string; columns: { name: string; type: string; comment: string }[] }[]
  functions: string[]
}

export interface IngestAnswer {
  senders: {
    project: string
    sender: string
    signal: string
    accepted: number
    refused: number
    dropped: number
    truncated: number
    last_time: string
  }[]
  reasons: {
    project: string
    sender: string
    signal: string
    outcome: string
    reason: string
    count: number
    last_time: string
    message?: string | null
  }[]
  series: {
    interval_ms: number
    buckets: { time: string; traces: number; logs: number; metrics: number; refused: number }[]
  }
}

export interface Project {
  name: string
  created_at: string
  retention: { traces: number; logs: number; metrics: number }
}

export interface ApiKey {
  id: string
  name: string
  prefix: string
  scopes: string[]
  project: string | null
  created_at: string
  last_used_at: string | null
  expires_at: string | null
  revoked_at: string | null
}
