/** What spans say of prompts, brought together with what the registry holds. Pure. */
import { csvCell } from '@/kit/download'
import { count } from '@/kit/format'
import { CALLS } from '@/routes/llm/calls'
import { number } from '@/routes/evaluations/meaning'
import { percent } from '@/routes/services/measures'
import type { EvaluationSummaryRow, PromptRow, PromptUsage, PromptVersion } from '@/api/types'

export interface Totals {
  calls: number
  errors: number
  p95_ms: number | null
  input_tokens: number | null
  output_tokens: number | null
  cost_usd: number | null
  last_seen: string | null
}

export interface ListedPrompt extends Totals {
  name: string
  /** Nothing where spans name a prompt that nobody registered. */
  row: PromptRow | null
  /** Versions that spans name. */
  used: string[]
}

const NOTHING: Totals = {
  calls: 0,
  errors: 0,
  p95_ms: null,
  input_tokens: null,
  output_tokens: null,
  cost_usd: null,
  last_seen: null,
}

const plus = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b)

/** The slowest version's p95 stands for all: quantiles do not add up. */
export function totals(rows: PromptUsage[]): Totals {
  return rows.reduce<Totals>(
    (sum, row) => ({
      calls: sum.calls + row.calls,
      errors: sum.errors + row.errors,
      p95_ms:
        row.p95_ms === null
          ? sum.p95_ms
          : sum.p95_ms === null
            ? row.p95_ms
            : Math.max(sum.p95_ms, row.p95_ms),
      input_tokens: plus(sum.input_tokens, row.input_tokens),
      output_tokens: plus(sum.output_tokens, row.output_tokens),
      cost_usd: plus(sum.cost_usd, row.cost_usd),
      last_seen: sum.last_seen && sum.last_seen > row.last_seen ? sum.last_seen : row.last_seen,
    }),
    NOTHING,
  )
}

/** Every prompt of the registry, and those that only spans know; the most used first. */
export function listed(registry: PromptRow[], usage: PromptUsage[]): ListedPrompt[] {
  const by = new Map<string, PromptUsage[]>()
  for (const row of usage) by.set(row.name, [...(by.get(row.name) ?? []), row])
  const known = new Map(registry.map((row) => [row.name, row]))
  const names = [...new Set([...known.keys(), ...by.keys()])]
  return names
    .map((name) => {
      const used = by.get(name) ?? []
      return { name, row: known.get(name) ?? null, used: used.map((u) => u.version), ...totals(used) }
    })
    .toSorted((a, b) => b.calls - a.calls || a.name.localeCompare(b.name))
}

/** The filter that finds the calls of a prompt, and of one version of it. */
export function callsOf(name: string, version?: string): string {
  const quoted = (text: string) => (/^[\w.-]+$/.test(text) ? text : JSON.stringify(text))
  return `${CALLS} prompt_name:${quoted(name)}${version ? ` prompt_version:${quoted(version)}` : ''}`
}

/** What evaluations, summed up by prompt, say of one version. */
export const saidOf = (rows: readonly EvaluationSummaryRow[], name: string, version: string) =>
  rows.filter((row) => row.value === (version ? `${name} ${version}` : name))

/** How evaluations of one name turned out, in a word or two: what passes, else what was said, else the mean. */
export function howSaid(row: EvaluationSummaryRow): string {
  if (row.judged) return `${percent(row.passed / row.judged)} of ${count(row.judged)} passed`
  if (row.labels.length)
    return row.labels
      .slice(0, 2)
      .map((one) => `${one.label.slice(0, 20)} ${count(one.count)}`)
      .join(', ')
  return row.avg_score === null ? count(row.count) : `${number(row.avg_score)} on average`
}

/** How an application gets a prompt; with a version at hand, that one's variables. */
export const FETCH = (name: string, version?: PromptVersion) => {
  const given = (version ? version.variables : ['name']).map((v) => `${v}=…`).join(', ')
  return `import tapetum

with tapetum.prompt(${JSON.stringify(name)}) as prompt:   # the version labelled production
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=prompt.messages(${given}))`
}

/** Newest version first, by number where it is one. */
export const byVersion = (rows: PromptUsage[]): PromptUsage[] =>
  rows.toSorted((a, b) => b.version.localeCompare(a.version, undefined, { numeric: true }))

const CSV = [
  'name',
  'version',
  'calls',
  'traces',
  'errors',
  'p50_ms',
  'p95_ms',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'first_seen',
  'last_seen',
] as const

/** A line for each version that was used. */
export const csvOf = (rows: PromptUsage[]): string =>
  [CSV, ...rows.map((row) => CSV.map((column) => row[column]))]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\r\n')
