/**
 * The server's words, from `schema.ts`, which `npm run gen` makes from `openapi.json`.
 * Times are ISO-8601 UTC with nanoseconds; durations are milliseconds; ids are lower-case hex.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Info = Schemas['Info']
export type Identity = Schemas['Caller']

export type TraceRow = Schemas['ListedTrace']
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
export type TraceResources = Schemas['TraceResources']
export type TraceComparison = Schemas['TraceComparison']
export type PairComparison = Schemas['PairComparison']
export type TracePeers = Schemas['TracePeers']

export type Facet = Schemas['Facet']
export type FacetValue = Schemas['FacetValue']
export type FacetAnswer = Schemas['Facets']

export type Outside = Schemas['Outside']
export type Beyond = Schemas['Beyond']

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
export type StorageAnswer = Schemas['Storage']
export type StoredRow = Schemas['StoredRow']
export type Disk = Schemas['Disk']
export type BackupStatus = Schemas['BackupStatus']
export type BackupRow = Schemas['BackupRow']
export type HealthReport = Schemas['HealthReport']
export type AttentionRow = Schemas['AttentionRow']
export type HostCard = Schemas['HostCard']
export type ServerReport = Schemas['ServerReport']
export type DemoFault = Schemas['DemoFault']
export type ScrapeTarget = Schemas['ScrapeTarget']
export type Project = Schemas['Project']
export type ApiKey = Schemas['Key']

export type ErrorGroup = Omit<Schemas['ErrorRow'], 'trend'>
export type ErrorRow = Schemas['ErrorRow']
export type ErrorAnswer = Schemas['ErrorPage']
export type ErrorHistogram = Schemas['ErrorHistogram']
export type ErrorReport = Schemas['ErrorReport']
export type EvaluationRow = Schemas['EvaluationRow']
export type EvaluationsOfOne = Schemas['EvaluationsOfOne']
export type EvaluationAnswer = Schemas['EvaluationPage']
export type EvaluationSummary = Schemas['EvaluationSummary']
export type EvaluationSummaryRow = Schemas['EvaluationSummaryRow']
export type EvaluationDistribution = Schemas['EvaluationDistribution']
export type ScoreDefinition = Schemas['ScoreRow']
export type NewScore = Schemas['NewScore']
export type ServiceRow = Schemas['ServiceRow']
export type ServicePage = Schemas['ServicePage']
export type ServiceDetail = Schemas['ServiceDetail']
export type ServiceMap = Schemas['ServiceMap']
export type LlmOverview = Schemas['LlmOverview']
export type LlmMeasures = Schemas['LlmMeasures']
export type LlmGroups = Schemas['LlmGroups']
export type LlmGroup = Schemas['LlmGroup']
export type SessionRow = Schemas['SessionRow']
export type SessionAnswer = Schemas['SessionPage']
export type SessionHistogram = Schemas['SessionHistogram']
export type SessionTurn = Schemas['SessionTurn']
export type SessionTurns = Schemas['SessionTurns']
export type ToolPage = Schemas['ToolPage']
export type SavedQuery =
  | Schemas['MetricQuery']
  | Schemas['SpansQuery']
  | Schemas['LogsQuery']
  | Schemas['ErrorsQuery']
  | Schemas['EvaluationsQuery']
  | Schemas['SqlQuery']
export type QueryAnswer = Schemas['QueryAnswer']
export type DashboardRow = Schemas['DashboardRow']
export type DashboardPanel = Schemas['Panel']
export type DashboardVariable = Schemas['TextVariable'] | Schemas['ListVariable'] | Schemas['KeyVariable']
export type DashboardDocument = Schemas['DashboardDocument']
export type Dashboard = Schemas['Dashboard']
export type SavedView = Schemas['SavedView']

export type MonitorDefinition = Schemas['MonitorDefinition']
export type MonitorCondition = Schemas['Condition']
/** The server answers a definition with every field said. */
export type MonitorRow = Omit<Schemas['MonitorRow'], 'definition'> & { definition: MonitorDefinition }
export type MonitorState = MonitorRow['state']
export type MonitorSeries = Schemas['AlertView']
export type MonitorPast = Schemas['Preview']
export type PreviewAnswer = Schemas['PreviewAnswer']
export type DeliveryRow = Schemas['DeliveryRow']
export type AlertRow = Schemas['AlertRow']
export type WebhookChange = Schemas['Webhook']

export interface Rows<T> {
  rows: T[]
  next_cursor?: string | null
}

export type SpanConversation = Schemas['SpanConversation']
export type ShownMessage = Schemas['ShownMessage']
export type MessagePart = Schemas['Part']
export type TraceConversation = Schemas['TraceConversation']
export type ThreadEntry = Schemas['Entry']
export type ToolUse = Schemas['ToolUse']
export type RetrievedDocument = Schemas['Document']
export type AgentGraph = Schemas['AgentGraph']
export type GraphNode = Schemas['GraphNode']
export type PromptRow = Schemas['PromptRow']
export type PromptVersion = Schemas['PromptVersionRow']
export type PromptDiff = Schemas['PromptDiff']
export type PromptUsage = Schemas['PromptUsage']
export type Correction = Schemas['Correction']
export type Corrections = Schemas['Corrections']
export type Piece = Schemas['Piece']
export type DatasetRow = Schemas['DatasetRow']
export type DatasetVersion = Schemas['DatasetVersionRow']
export type DatasetItem = Schemas['DatasetItem']
export type DatasetDifference = Schemas['DatasetDifference']
export type DatasetChange = Schemas['DatasetChange']
export type ItemDraft = Schemas['ItemDraft']
