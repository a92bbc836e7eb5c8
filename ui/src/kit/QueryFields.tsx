/** What a panel asks, field by field; the same words as the explorers use. */
import { MultiSelect, Select, TagsInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import { metricCatalogQuery } from '@/api/metricQueries'
import { facetsQuery, infoQuery, sqlSchemaQuery } from '@/api/queries'
import type { SavedQuery } from '@/api/types'
import { FilterBar } from './FilterBar'
import { SkeletonRows } from './states'
import { fitting } from './metricSeries'
import { WORDS } from './metricWords'
import type { Where } from './openIn'
import './query.css'

const SqlEditor = lazy(() => import('./SqlEditor').then((m) => ({ default: m.Editor })))

type Of<K extends SavedQuery['kind']> = Extract<SavedQuery, { kind: K }>
type Records = 'spans' | 'logs' | 'errors' | 'evaluations' | 'predictions' | 'findings'

const SPAN_MEASURES: Record<NonNullable<Of<'spans'>['measure']>, string> = {
  count: 'count',
  rate: 'rate per second',
  error_count: 'errors',
  error_rate: 'share of errors',
  avg_ms: 'average duration',
  p50_ms: 'median duration (p50)',
  p90_ms: 'p90 of duration',
  p95_ms: 'p95 of duration',
  p99_ms: 'p99 of duration',
  max_ms: 'longest duration',
  cost_usd: 'cost in USD',
  tokens: 'tokens',
  input_tokens: 'input tokens',
  output_tokens: 'output tokens',
  cache_read_tokens: 'input tokens from a cache',
  reasoning_tokens: 'reasoning tokens',
  cached_share: 'share of input from a cache',
  refusal_rate: 'share of refusals',
  p50_ttft_ms: 'median time to first token (p50)',
  p95_ttft_ms: 'p95 of time to first token',
  p99_ttft_ms: 'p99 of time to first token',
  sessions: 'different sessions',
  users: 'different users',
}
const LOG_MEASURES: Record<NonNullable<Of<'logs'>['measure']>, string> = {
  count: 'count',
  rate: 'rate per second',
}
const ERROR_MEASURES: Record<NonNullable<Of<'errors'>['measure']>, string> = {
  count: 'occurrences',
  rate: 'occurrences per second',
  groups: 'different errors',
  new_groups: 'new errors, never seen before',
}
const EVALUATION_MEASURES: Record<NonNullable<Of<'evaluations'>['measure']>, string> = {
  avg_score: 'average score',
  min_score: 'lowest score',
  max_score: 'highest score',
  pass_rate: 'share that reach their threshold',
  count: 'count',
  rate: 'rate per second',
}
const PREDICTION_MEASURES: Record<NonNullable<Of<'predictions'>['measure']>, string> = {
  count: 'count',
  rate: 'rate per second',
  mean_score: 'mean score',
  mean_output: 'mean output',
  p50_latency_ms: 'median duration (p50)',
  p95_latency_ms: 'p95 of duration',
  p99_latency_ms: 'p99 of duration',
  label_coverage: 'share whose label has come',
  flagged_share: 'share with an odd score',
}
const FINDING_MEASURES: Record<NonNullable<Of<'findings'>['measure']>, string> = {
  count: 'findings, per window of five minutes',
  rows: 'predictions that differ',
  features: 'features',
  subjects: 'models',
}
const SPAN_KEYS = [
  'service',
  'name',
  'kind',
  'span_kind',
  'status',
  'model',
  'provider',
  'user_id',
  'duration_ms',
]
const LOG_KEYS = ['service', 'severity', 'severity_number', 'event_name']
const ERROR_KEYS = ['service', 'version', 'type', 'fingerprint', 'environment', 'culprit', 'handled']
const MEASURES: Record<Records, Record<string, string>> = {
  spans: SPAN_MEASURES,
  logs: LOG_MEASURES,
  errors: ERROR_MEASURES,
  evaluations: EVALUATION_MEASURES,
  predictions: PREDICTION_MEASURES,
  findings: FINDING_MEASURES,
}
const EVALUATION_KEYS = ['name', 'label', 'source', 'evaluator', 'target_type', 'slice', 'score']
const KEYS: Record<Records, string[]> = {
  spans: SPAN_KEYS,
  logs: LOG_KEYS,
  errors: ERROR_KEYS,
  evaluations: EVALUATION_KEYS,
  predictions: [
    'model',
    'version',
    'output_label',
    'label',
    'labelled',
    'correct',
    'flagged',
    'source',
    'score',
  ],
  findings: ['model', 'version', 'feature', 'type', 'severity', 'detector'],
}
const FIRST_SQL = `SELECT
    toStartOfInterval(start_time, toIntervalSecond({step_s:UInt32})) AS t,
    service,
    count() AS spans
FROM spans
WHERE start_time >= {from:DateTime64(9)} AND start_time < {to:DateTime64(9)}
GROUP BY t, service
ORDER BY t`

export const QUERY_KINDS: { value: SavedQuery['kind']; label: string }[] = [
  { value: 'metric', label: 'Metric' },
  { value: 'spans', label: 'Spans' },
  { value: 'logs', label: 'Logs' },
  { value: 'errors', label: 'Errors' },
  { value: 'evaluations', label: 'Evaluations' },
  { value: 'predictions', label: 'Predictions' },
  { value: 'findings', label: 'Findings' },
  { value: 'sql', label: 'SQL' },
]

/** The least question of each kind. */
export function firstQuery(kind: SavedQuery['kind']): SavedQuery {
  if (kind === 'metric') return { kind, name: '' }
  if (kind === 'sql') return { kind, query: FIRST_SQL }
  if (kind === 'evaluations') return { kind, measure: 'avg_score', group_by: ['name'] }
  if (kind === 'findings') return { kind, measure: 'rows', group_by: ['feature'] }
  return kind === 'spans' ? { kind, measure: 'rate' } : { kind, measure: 'count' }
}

export const complete = (query: SavedQuery): boolean =>
  query.kind === 'metric' ? query.name !== '' : query.kind !== 'sql' || query.query.trim() !== ''

interface Fields<K extends SavedQuery['kind']> {
  query: Of<K>
  where: Where
  onChange: (query: SavedQuery) => void
  /** Whether `$name` and `{name:String}` stand for variables here. */
  variables?: boolean
}

export function QueryFields({ query, ...rest }: Fields<SavedQuery['kind']>) {
  if (query.kind === 'metric') return <MetricFields {...rest} query={query} />
  if (query.kind === 'sql') return <SqlFields {...rest} query={query} />
  return <RecordFields {...rest} query={query} />
}

function MetricFields({ query, where, onChange, variables }: Fields<'metric'>) {
  const catalogue = useQuery(metricCatalogQuery(where.project, where.from, where.to))
  const metrics = useMemo(() => catalogue.data?.metrics ?? [], [catalogue.data])
  const entry = metrics.find(
    (m) =>
      m.name === query.name &&
      (query.type == null || m.type === query.type) &&
      (query.unit == null || m.unit === query.unit),
  )
  const names = useMemo(
    () => [...new Set([...metrics.map((m) => m.name), ...(query.name ? [query.name] : [])])].sort(),
    [metrics, query.name],
  )
  const allowed = entry ? fitting(entry) : (Object.keys(WORDS) as (keyof typeof WORDS)[])
  return (
    <>
      <Select
        label="Metric"
        data={names}
        value={query.name || null}
        searchable
        allowDeselect={false}
        limit={100}
        nothingFoundMessage="No such metric in this time"
        onChange={(name) => {
          if (!name) return
          const next = metrics.find((m) => m.name === name)
          const aggregation = next ? fitting(next)[0] : undefined
          onChange({
            kind: 'metric',
            name,
            ...(query.q ? { q: query.q } : {}),
            ...(aggregation ? { aggregation } : {}),
          })
        }}
      />
      <div className="k-q-pair">
        <Select
          label="Show"
          data={allowed.map((value) => ({ value, label: WORDS[value] }))}
          value={query.aggregation ?? 'avg'}
          allowDeselect={false}
          onChange={(value) => value && onChange({ ...query, aggregation: value as keyof typeof WORDS })}
        />
        {query.aggregation === 'quantile' && (
          <Select
            label="Quantile"
            data={['0.5', '0.9', '0.95', '0.99', '0.999']}
            value={String(query.quantile ?? 0.95)}
            allowDeselect={false}
            onChange={(value) => value && onChange({ ...query, quantile: Number(value) })}
          />
        )}
      </div>
      <MultiSelect
        label="Group by"
        data={[
          ...new Set(['service', 'host.name', ...(entry?.attribute_keys ?? []), ...(query.group_by ?? [])]),
        ]}
        value={query.group_by ?? []}
        searchable
        maxValues={4}
        nothingFoundMessage="No such attribute"
        onChange={(group_by) => onChange({ ...query, group_by })}
      />
      <Narrowed
        signal="metrics"
        keys={['service', ...(entry?.attribute_keys ?? [])]}
        {...{ query, where, onChange, variables }}
      />
    </>
  )
}

function RecordFields({ query, where, onChange, variables }: Fields<Records>) {
  const signal = query.kind
  const facets = useQuery(facetsQuery(signal, { ...where, q: '' }))
  const words = MEASURES[signal]
  const keys = KEYS[signal]
  const known = facets.data?.attribute_keys.map((k) => k.key) ?? []
  return (
    <>
      <Select
        label="Show"
        data={Object.entries(words).map(([value, label]) => ({ value, label }))}
        value={query.measure ?? (signal === 'evaluations' ? 'avg_score' : 'count')}
        allowDeselect={false}
        onChange={(value) => value && onChange({ ...query, measure: value } as SavedQuery)}
      />
      <TagsInput
        label="Group by"
        data={[...new Set([...keys.filter((k) => k !== 'duration_ms'), ...known])]}
        value={query.group_by ?? []}
        maxTags={4}
        onChange={(group_by) => onChange({ ...query, group_by })}
      />
      <Narrowed signal={signal} keys={keys} {...{ query, where, onChange, variables }} />
    </>
  )
}

function Narrowed(props: {
  signal: Records | 'metrics'
  keys: string[]
  query: Of<'metric' | Records>
  where: Where
  onChange: (query: SavedQuery) => void
  variables: boolean | undefined
}) {
  const { query, where } = props
  return (
    <div>
      <p className="k-q-label">Filter</p>
      <FilterBar
        scope={{ ...where, q: query.q ?? '' }}
        signal={props.signal}
        keys={props.keys}
        placeholder={props.variables ? 'key:value; $name stands for a variable' : 'key:value, or words'}
        onChange={(q) => props.onChange({ ...query, q })}
      />
    </div>
  )
}

function SqlFields({ query, onChange, variables }: Fields<'sql'>) {
  const info = useQuery(infoQuery)
  const open = info.data?.sql_enabled !== false
  const schema = useQuery({ ...sqlSchemaQuery, enabled: open })
  return (
    <div>
      <p className="k-q-label">SELECT</p>
      <div className="k-q-sql">
        <Suspense fallback={<SkeletonRows rows={6} label="Loading the editor" />}>
          <SqlEditor
            value={query.query}
            schema={schema.data}
            onChange={(text) => onChange({ kind: 'sql', query: text })}
            onRun={() => undefined}
          />
        </Suspense>
      </div>
      <p className="quiet">
        A first column of times makes lines: numbers are values, texts their names.{' '}
        {variables
          ? 'Otherwise it is a table.'
          : 'Otherwise it is looked at as it is: the last column is the value, those before it name the series.'}{' '}
        The time that is asked about is {'{from:DateTime64(9)}'}, {'{to:DateTime64(9)}'} and{' '}
        {'{step_s:UInt32}'}
        {variables && <>, a variable {'{name:String}'}</>}.
      </p>
      {!open && <p role="alert">SQL is not open to this key: this will stay empty for you.</p>}
    </div>
  )
}
