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
}
const TIME: Record<Signal, string> = { spans: 'start_time', logs: 'time', metrics: 'time' }

export const sqlString = (value: string): string => `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`

export function valueSql(signal: Signal, key: string, value: string, scope: Scope, now = Date.now()): string {
  const map = key.startsWith('resource.')
    ? `resource_attributes[${sqlString(key.slice(9))}]`
    : `attributes[${sqlString(key.replace(/^attributes\./, ''))}]`
  const left = COLUMNS[signal].has(key) ? key : map
  const number = /^(duration_ms|input_tokens|output_tokens|cost_usd|severity_number)$/.test(key)
  const time = TIME[signal]
  const from = resolve(scope.from, now)
  const bound = from === null ? '' : `\n  AND ${time} >= fromUnixTimestamp64Milli(${Math.round(from)})`
  return `SELECT *\nFROM ${signal}\nWHERE ${left} = ${number ? value : sqlString(value)}${bound}\nORDER BY ${time} DESC\nLIMIT 100`
}
