/** SQL that a click writes for the reader, to be read and changed by hand. */
import type { Scope } from '@/api/queries'
import { resolve } from './time'
import type { Signal } from './valueMenu'

const COLUMNS: Record<Signal, Set<string>> = {
  spans: new Set(
    'trace_id span_id parent_span_id name kind span_kind service scope state status status_message operation provider model session_id user_id agent tool prompt_name prompt_version error_type duration_ms input_tokens output_tokens cost_usd'.split(
      ' ',
    ),
  ),
  logs: new Set('trace_id span_id service scope severity severity_number body event_name'.split(' ')),
  metrics: new Set('name type unit service scope'.split(' ')),
  errors: new Set(
    'fingerprint type message template culprit source name trace_id span_id log_id service version environment severity user_id'.split(
      ' ',
    ),
  ),
}
const TIME: Record<Signal, string> = { spans: 'start_time', logs: 'time', metrics: 'time', errors: 'time' }
const GROUPED = {
  spans: "count() AS spans, countIf(status = 'error') AS errors, quantile(0.95)(duration_ms) AS p95_ms",
  logs: 'count() AS records, countIf(severity_number >= 17) AS errors',
  errors: 'count() AS occurrences, uniqExact(fingerprint) AS errors, max(time) AS last_seen',
}

export const sqlString = (value: string): string => `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`

function columnOf(signal: Signal, key: string): string {
  if (COLUMNS[signal].has(key)) return key
  return key.startsWith('resource.')
    ? `resource_attributes[${sqlString(key.slice(9))}]`
    : `attributes[${sqlString(key.replace(/^attributes\./, ''))}]`
}

function within(signal: Signal, scope: Scope, now: number): string[] {
  const time = TIME[signal]
  const from = resolve(scope.from, now)
  const to = scope.to === 'now' ? null : resolve(scope.to, now)
  const at = (ms: number) => `fromUnixTimestamp64Milli(${Math.round(ms)})`
  return [
    ...(from === null ? [] : [`${time} >= ${at(from)}`]),
    ...(to === null ? [] : [`${time} < ${at(to)}`]),
  ]
}

/** The records that hold this value. */
export function valueSql(signal: Signal, key: string, value: string, scope: Scope, now = Date.now()): string {
  const number = /^(duration_ms|input_tokens|output_tokens|cost_usd|severity_number)$/.test(key)
  const wanted = `${columnOf(signal, key)} = ${number ? value : sqlString(value)}`
  const where = [wanted, ...within(signal, scope, now)].join('\n  AND ')
  return `SELECT *\nFROM ${signal}\nWHERE ${where}\nORDER BY ${TIME[signal]} DESC\nLIMIT 100`
}

/** Every value of the key beside this one: how often, and how it fares. */
export function groupSql(signal: keyof typeof GROUPED, key: string, scope: Scope, now = Date.now()): string {
  const where = within(signal, scope, now).join('\n  AND ')
  return `SELECT ${columnOf(signal, key)} AS value, ${GROUPED[signal]}\nFROM ${signal}${where && `\nWHERE ${where}`}\nGROUP BY value\nORDER BY count() DESC\nLIMIT 100`
}
