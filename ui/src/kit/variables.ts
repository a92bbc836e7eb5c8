/** What is chosen of a dashboard's variables, as the address says it. Pure. */
import type { DashboardVariable, SavedQuery } from '@/api/types'
import { parseFilter, printFilter } from './filter'
import { sqlString } from './sqlText'
import { resolve } from './time'

const PREFIX = 'var.'
const EVERYTHING = '*'

export type Chosen = Record<string, string[]>

/** `a,b`; a comma or star of a value is written as in any address. `*` alone is every value. */
export function printChosen(values: readonly string[]): string {
  if (!values.length) return EVERYTHING
  return values.map((v) => v.replace(/[%,*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)).join(',')
}

export function parseChosen(text: string): string[] {
  if (text === EVERYTHING) return []
  return text
    .split(',')
    .map((v) => v.replace(/%(25|2c|2a)/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16))))
}

export const keyOf = (name: string): string => PREFIX + name

/** The parts of a search that are variables: everything else a route names itself. */
export function variablesOf(raw: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(raw).filter(
      (pair): pair is [string, string] => pair[0].startsWith(PREFIX) && typeof pair[1] === 'string',
    ),
  )
}

export function chosenOf(
  variables: readonly DashboardVariable[],
  search: Record<string, string | undefined>,
): Chosen {
  return Object.fromEntries(
    variables.map((variable) => {
      const said = search[keyOf(variable.name)]
      const values = said === undefined ? (variable.default ?? []) : parseChosen(said)
      return [variable.name, values.filter(Boolean)]
    }),
  )
}

/** A panel's filter with the chosen values in it: what an explorer can be opened with. */
export function filled(q: string, chosen: Chosen): string {
  const terms = parseFilter(q).flatMap((term) => {
    if (term.op === 'text' || term.op === 'exists') return [term]
    const values: string[] = []
    const prefixes: boolean[] = []
    term.values.forEach((value, i) => {
      const name = /^\$([A-Za-z_]\w*)$/.exec(value)?.[1]
      for (const one of name && chosen[name] ? chosen[name] : [value]) {
        values.push(one)
        prefixes.push(term.prefixes?.[i] ?? false)
      }
    })
    if (!values.length) return []
    return [{ ...term, values, ...(term.prefixes ? { prefixes } : {}) }]
  })
  return printFilter(terms)
}

const PARAMETER = /\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g

/** SQL with the chosen values written into it; the time stays a parameter. */
export function bound(sql: string, chosen: Chosen): string {
  return sql.replace(PARAMETER, (whole, name: string, type: string) => {
    const values = chosen[name]
    if (!values) return whole
    if (type.startsWith('Array')) return `[${values.map(sqlString).join(', ')}]`
    const value = values[0] ?? ''
    return /^(U?Int|Float|Decimal)/.test(type) && /^-?[\d.]+$/.test(value) ? value : sqlString(value)
  })
}

/** A panel's SQL with its parameters written out, for the reader's own editor. */
export function written(sql: string, chosen: Chosen, from: string, to: string, now = Date.now()): string {
  const moment = (ms: number | null, otherwise: string) =>
    ms === null ? otherwise : `fromUnixTimestamp64Milli(${Math.round(ms)})`
  const [start, end] = [resolve(from, now), resolve(to, now)]
  const width = Math.max(1, Math.round(((end ?? now) - (start ?? now - 86_400_000)) / 120_000))
  const timed = sql.replace(PARAMETER, (whole, name: string) => {
    if (name === 'from') return moment(start, 'fromUnixTimestamp64Milli(0)')
    if (name === 'to') return moment(end, 'now()')
    return name === 'step_s' ? String(width) : whole
  })
  return bound(timed, chosen)
}

/** A panel's question with the chosen values in it, for where there are no variables. */
export function settledQuery(query: SavedQuery, chosen: Chosen): SavedQuery {
  return query.kind === 'sql'
    ? { ...query, query: bound(query.query, chosen) }
    : { ...query, q: filled(query.q ?? '', chosen) }
}
