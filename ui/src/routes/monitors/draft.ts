/** A monitor as a form holds it: numbers and lengths of time are texts until they are sent. Pure. */
import type { MonitorCondition, MonitorDefinition, SavedQuery } from '@/api/types'
import { complete } from '@/kit/QueryFields'
import { parseSeconds, spoken } from './seconds'

export interface Draft {
  name: string
  query: SavedQuery
  /** Whether a limit is watched at all, or only silence. */
  limited: boolean
  op: MonitorCondition['op']
  limit: string
  aggregate: NonNullable<MonitorCondition['aggregate']>
  recovery: string
  noData: NonNullable<MonitorDefinition['no_data']>
  window: string
  interval: string
  hold: string
  severity: NonNullable<MonitorDefinition['severity']>
  description: string
  runbook: string
}

/** People say how many there were in five minutes, not how many there are in an average minute. */
const counts = (query: SavedQuery): boolean =>
  query.kind === 'evaluations'
    ? query.measure === 'count'
    : query.kind === 'findings'
      ? query.measure === 'rows' || query.measure === 'count'
      : (query.kind === 'spans' ||
          query.kind === 'logs' ||
          query.kind === 'errors' ||
          query.kind === 'predictions') &&
        /count$|^new_groups$/.test(query.measure ?? 'count')

/** By the names that the API gives to fields. */
export type Problems = Record<string, string>

export function draftOf(name: string, definition: MonitorDefinition): Draft {
  const { condition } = definition
  return {
    name,
    query: definition.query,
    limited: condition != null || definition.no_data !== 'alert',
    op: condition?.op ?? '>',
    limit: condition ? String(condition.limit) : '',
    aggregate: condition?.aggregate ?? (counts(definition.query) ? 'sum' : 'avg'),
    recovery: condition?.recovery_limit == null ? '' : String(condition.recovery_limit),
    noData: definition.no_data ?? 'keep',
    window: spoken(definition.window_s ?? 300),
    interval: spoken(definition.interval_s ?? 60),
    hold: spoken(definition.for_s ?? 0),
    severity: definition.severity ?? 'warning',
    description: definition.description ?? '',
    runbook: definition.runbook ?? '',
  }
}

const LENGTH = 'Write a length of time such as 90 s, 5 min or 1 h.'

export function problemsOf(draft: Draft): Problems {
  const found: Problems = {}
  if (!draft.name.trim()) found.name = 'Give it a name that says what is wrong when it fires.'
  if (!complete(draft.query)) found.query = 'Say what to watch.'
  if (draft.limited && number(draft.limit) === null) found['condition.limit'] = 'Write a number.'
  if (draft.limited && draft.recovery.trim() && number(draft.recovery) === null) {
    found['condition.recovery_limit'] = 'Write a number, or leave it empty.'
  }
  if (!draft.limited && draft.noData !== 'alert') found.no_data = 'Without a limit, missing data has to call.'
  for (const [field, text] of [
    ['window_s', draft.window],
    ['interval_s', draft.interval],
    ['for_s', draft.hold],
  ] as const) {
    if (parseSeconds(text) === null) found[field] = LENGTH
  }
  return found
}

function number(text: string): number | null {
  const value = Number(text.trim().replace(',', '.'))
  return text.trim() && Number.isFinite(value) ? value : null
}

/** What is sent. Call it only without problems, but for an empty limit: that is one that nothing reaches. */
export function definitionOf(draft: Draft): MonitorDefinition {
  const unreachable = draft.op.startsWith('>') ? Number.MAX_VALUE : -Number.MAX_VALUE
  return {
    query: draft.query,
    condition: draft.limited
      ? {
          op: draft.op,
          limit: number(draft.limit) ?? unreachable,
          aggregate: draft.aggregate,
          recovery_limit: number(draft.recovery),
        }
      : null,
    no_data: draft.noData,
    window_s: parseSeconds(draft.window)!,
    interval_s: parseSeconds(draft.interval)!,
    for_s: parseSeconds(draft.hold)!,
    severity: draft.severity,
    description: draft.description.trim(),
    runbook: draft.runbook.trim(),
  }
}

/** Whether enough is said to look at the past. */
export function previewable(problems: Problems): boolean {
  return Object.keys(problems).every((field) => field === 'name' || field === 'condition.limit')
}

const KNOWN = [
  'condition.op',
  'condition.limit',
  'condition.aggregate',
  'condition.recovery_limit',
  'no_data',
]

/** Beside which field an error of the API belongs; undefined for the form as a whole. */
export function fieldOf(said: string | undefined, saving: boolean): string | undefined {
  const field = said?.replace(/^definition\./, '')
  if (!field) return undefined
  if (field === 'condition') return 'condition.recovery_limit'
  if (field.startsWith('webhook')) return field.split('.').slice(0, 2).join('.')
  if (KNOWN.includes(field) || /^(window_s|interval_s|for_s|description|runbook|severity)$/.test(field)) {
    return field
  }
  if (saving && field === 'name') return 'name'
  // What is left came from asking the query.
  return field === 'body' ? undefined : 'query'
}

/** The server's words without the field's name, beside which they stand. */
export function besideField(message: string): string {
  const said = message.replace(/^[\w.]+: (?:value error, )?/, '')
  return said.charAt(0).toUpperCase() + said.slice(1)
}

/** From the address: a query alone, or all that a proposal says. Null for what is neither. */
export function watchedOf(text: string | undefined): MonitorDefinition | null {
  if (!text) return null
  try {
    const said = JSON.parse(text) as unknown
    if (isQuery(said)) return { query: said }
    const definition = said as { query?: unknown } | null
    return isQuery(definition?.query) ? (definition as MonitorDefinition) : null
  } catch {
    return null
  }
}

function isQuery(value: unknown): value is SavedQuery {
  if (typeof value !== 'object' || value === null) return false
  const query = value as Record<string, unknown>
  const text = (key: string) => query[key] === undefined || typeof query[key] === 'string'
  const texts =
    query.group_by === undefined ||
    (Array.isArray(query.group_by) && query.group_by.every((key) => typeof key === 'string'))
  if (!['name', 'q', 'measure', 'aggregation', 'query', 'type', 'unit'].every(text) || !texts) return false
  if (query.kind === 'sql') return typeof query.query === 'string'
  if (query.kind === 'metric') return typeof query.name === 'string'
  return ['spans', 'logs', 'errors', 'evaluations', 'predictions', 'findings'].includes(String(query.kind))
}
