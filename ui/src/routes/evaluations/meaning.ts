/** What a score means by its definition: does it pass, which end comes first, how it is said. Pure. */
import type { EvaluationRow, EvaluationSummaryRow, SavedQuery, ScoreDefinition } from '@/api/types'
import { is, printFilter, printTerm } from '@/kit/filter'
import { sqlString } from '@/kit/sqlText'

export interface Listed {
  name: string
  found: EvaluationSummaryRow | null
  definition: ScoreDefinition | null
}

/** What is evaluated in this time, and what is only defined; those with the most first. */
export function listed(
  found: readonly EvaluationSummaryRow[],
  definitions: readonly ScoreDefinition[],
): Listed[] {
  const defined = new Map(definitions.map((one) => [one.name, one]))
  const names = new Set(found.map((row) => row.name))
  return [
    ...found.map((row) => ({ name: row.name, found: row, definition: defined.get(row.name) ?? null })),
    ...definitions
      .filter((one) => !names.has(one.name))
      .map((definition) => ({ name: definition.name, found: null, definition })),
  ]
}

export const number = (value: number): string => String(Number(value.toPrecision(4)))

/** From which score on it passes, by the definition alone. */
function limitOf(definition: ScoreDefinition): number | null {
  if (definition.kind === 'boolean' && definition.direction !== 'none') {
    return definition.direction === 'higher' ? 1 : 0
  }
  return definition.threshold
}

type Judged = Pick<EvaluationRow, 'score' | 'label' | 'threshold'>

/** Whether it passes: by its own threshold, else by the definition; `null` where it is no matter of passing. */
export function verdict(row: Judged, definition: ScoreDefinition | null): boolean | null {
  const said = definition?.labels.find((one) => one.label === row.label)?.passes
  if (said != null) return said
  const limit = row.threshold ?? (definition ? limitOf(definition) : null)
  if (row.score == null || limit == null) return null
  return definition?.direction === 'lower' ? row.score <= limit : row.score >= limit
}

/** The order in which the worst come first. */
export const worstFirst = (definition: ScoreDefinition | null): 'score' | '-score' =>
  definition?.direction === 'lower' ? '-score' : 'score'

/** A filter for those that do not pass by the definition; empty where that cannot be said. */
export function failing(definition: ScoreDefinition | null): string {
  if (!definition) return ''
  const bad = definition.labels.filter((one) => one.passes === false).map((one) => one.label)
  if (bad.length) return printTerm({ negated: false, key: 'label', op: 'is', values: bad })
  const limit = limitOf(definition)
  if (limit === null) return ''
  const op = definition.direction === 'lower' ? '>' : '<'
  return printTerm({ negated: false, key: 'score', op, values: [String(limit)] })
}

/** The definition in a few words. */
export function inWords(definition: ScoreDefinition): string {
  const { kind, minimum, maximum, threshold, direction, labels } = definition
  const better = direction === 'none' ? '' : `${direction} is better`
  const passes =
    threshold === null ? '' : `passes ${direction === 'lower' ? 'up to' : 'from'} ${number(threshold)}`
  const all = (...parts: string[]) => parts.filter(Boolean).join(', ')
  if (kind === 'numeric') {
    const ends =
      minimum !== null && maximum !== null
        ? `${number(minimum)} to ${number(maximum)}`
        : minimum !== null
          ? `${number(minimum)} or more`
          : maximum !== null
            ? `at most ${number(maximum)}`
            : 'any number'
    return all(ends, better, passes)
  }
  if (kind === 'boolean')
    return direction === 'none'
      ? 'true or false'
      : `true or false, ${direction === 'higher' ? 'true' : 'false'} is better`
  if (kind === 'text') return 'a text'
  const order = direction === 'none' ? '' : `the ${direction === 'higher' ? 'last' : 'first'} is the best`
  return all(labels.map((one) => one.label).join(' · '), order)
}

/** A label's colour: of passing where it is one, of its place where the order has a better end. */
export function labelColour(label: string, definition: ScoreDefinition | null, otherwise: string): string {
  const at = definition?.labels.findIndex((one) => one.label === label) ?? -1
  if (!definition || at < 0) return otherwise
  const passes = definition.labels[at]!.passes
  if (passes !== null && passes !== undefined) return passes ? 'var(--good)' : 'var(--bad)'
  if (definition.direction === 'none') return otherwise
  const last = definition.labels.length - 1
  const rank = definition.direction === 'higher' ? at : last - at
  return rank === last ? 'var(--good)' : rank === 0 ? 'var(--bad)' : 'var(--warn)'
}

/** Labels in the order of their definition, others behind by how often they were given. */
export function inOrder<T extends { label: string }>(
  labels: readonly T[],
  definition: ScoreDefinition | null,
): T[] {
  const place = new Map(definition?.labels.map((one, i) => [one.label, i]))
  return [...labels].sort((a, b) => (place.get(a.label) ?? 1e6) - (place.get(b.label) ?? 1e6))
}

/** The distribution as a panel asks for it: bins take SQL, which a filter of the page cannot be put into. */
export function binsAsked(
  name: string,
  bins: readonly { start: number; end: number }[],
  q: string,
): SavedQuery | null {
  if (bins.every((bin) => bin.start === bin.end)) {
    const wanted = [printFilter([is('name', name)]), 'score:*', q].filter(Boolean).join(' ')
    return { kind: 'evaluations', measure: 'count', group_by: ['score'], q: wanted }
  }
  if (q) return null
  const [low, high] = [bins[0]!.start, bins.at(-1)!.end]
  const length = (high - low) / bins.length
  return {
    kind: 'sql',
    query: `SELECT
    ${low} + least(${bins.length - 1}, greatest(0, floor((score - ${low}) / ${length}))) * ${length} AS from_score,
    count() AS evaluations
FROM evaluations
WHERE name = ${sqlString(name)} AND score IS NOT NULL
    AND time >= {from:DateTime64(9)} AND time < {to:DateTime64(9)}
GROUP BY from_score
ORDER BY from_score`,
  }
}
