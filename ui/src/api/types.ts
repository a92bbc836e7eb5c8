/**
 * The server's words, from `schema.ts`, which `npm run gen` makes from `openapi.json`.
 * Times are ISO-8601 UTC with nanoseconds; durations are milliseconds; ids are lower-case hex.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Info = Schemas['Info']
export type Identity = Schemas['Caller']

export type TraceRow = Schemas['TraceRow']
export type TraceAnswer = Schemas['Trace']
export type SpanRow = Schemas['SpanRow']
export type SpanColumns = Schemas['SpanColumns']
export type RunningSpan = Schemas['RunningSpan']
export type RunningSpans = Schemas['RunningSpans']
export type SpanDetail = Schemas['SpanDetail']
export type SpanEvent = Schemas['SpanEvent']
export type SpanLink = Schemas['SpanLink']
export type SpanStatus = SpanRow['status']
export type SpanState = SpanRow['state']
export type AttributeValue = Schemas['Attribute']
export type Payload = Schemas['Payload']
export type SpanHistogram = Schemas['SpanHistogram']
export type SpanHeatmap = Schemas['SpanHeatmap']
export type TraceMetrics = Schemas['HostMetrics']

export type Facet = Schemas['Facet']
export type FacetValue = Schemas['FacetValue']
export type FacetAnswer = Schemas['Facets']

export type LogRow = Schemas['LogRow']
export type LogHistogram = Schemas['LogHistogram']

export type MetricEntry = Schemas['MetricEntry']
export type MetricQuery = Schemas['MetricRequest']
export type Aggregation = NonNullable<MetricQuery['aggregation']>
export type MetricSeries = Schemas['MetricSeries']
export type MetricAnswer = Schemas['MetricReport']

export type SqlAnswer = Schemas['SqlAnswer']
export type Cell = SqlAnswer['rows'][number][number]
export type SqlSchema = Schemas['SqlSchema']

export type ChangeRow = Schemas['Change']
export type ChangeAnswer = Schemas['Changes']

export type IngestAnswer = Omit<Schemas['Ingest'], 'reasons'> & {
  /** `message` is the first refusal's own words, where the server kept them. */
  reasons: (Schemas['Reason'] & { message?: string | null })[]
}
export type Project = Schemas['Project']
export type ApiKey = Schemas['Key']

export type ServiceRow = Schemas['ServiceRow']
export type ServicePage = Schemas['ServicePage']
export type ServiceDetail = Schemas['ServiceDetail']
export type ServiceMap = Schemas['ServiceMap']
export type SavedQuery =
  Schemas['MetricQuery'] | Schemas['SpansQuery'] | Schemas['LogsQuery'] | Schemas['SqlQuery']
export type QueryAnswer = Schemas['QueryAnswer']
export type DashboardRow = Schemas['DashboardRow']
export type DashboardPanel = Schemas['Panel']
export type DashboardVariable = Schemas['TextVariable'] | Schemas['ListVariable'] | Schemas['KeyVariable']
export type DashboardDocument = Schemas['DashboardDocument']
export type Dashboard = Schemas['Dashboard']
export type SavedView = Schemas['SavedView']

export interface Rows<T> {
  rows: T[]
  next_cursor?: string | null
}
