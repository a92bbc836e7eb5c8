/** Which rows the numbers of this page are of, and how they changed. Pure. */
import { parseFilter, printFilter, printTerm, type Term } from '@/kit/filter'

/** What the server counts as a call of a model. */
export const CALLS = 'kind:llm,embedding,reranker -duplicate_of:*'

/** Keys that a call takes from its trace where it names none itself: their rows are traces. */
const OF_THE_TRACE = new Set(['session_id', 'user_id', 'agent'])

/** One term per key; of an empty value that there is none. */
export function groupTerms(keys: readonly string[], values: readonly string[]): Term[] {
  return keys.map((key, i) =>
    values[i]
      ? { negated: false, key, op: 'is', values: [values[i]] }
      : { negated: true, key, op: 'exists', values: [] },
  )
}

export interface Rows {
  view?: 'spans' | undefined
  q: string
}

/** The rows behind a number of one group, or of the whole page: `also` is what makes them this number's. */
export function rowsOf(q: string, terms: readonly Term[] = [], also = ''): Rows {
  const joined = (...parts: string[]) => parts.filter(Boolean).join(' ')
  const said = printFilter(terms)
  // A trace that names no user is found by its calls.
  const traces = terms.some((t) => OF_THE_TRACE.has(t.key) && !t.negated)
  return traces ? { q: joined(said, also, q) } : { view: 'spans', q: joined(CALLS, said, also, q) }
}

/** Whether the filter asks for what calls take from their traces: panels and monitors look at what calls say themselves. */
export const looksAtTraces = (q: string): boolean => parseFilter(q).some((term) => OF_THE_TRACE.has(term.key))

/** The question of a panel or monitor about the same calls. */
export const asked = (q: string, ...terms: Term[]): string =>
  [CALLS, ...terms.map(printTerm), q].filter(Boolean).join(' ')

/** `+12 %`, `-3 %`, `new`; nothing where one of the two is not known. */
export function change(now: number | null, before: number | null | undefined): string {
  if (now === null || before === null || before === undefined) return ''
  if (before === 0) return now === 0 ? '' : 'none before'
  const share = ((now - before) / before) * 100
  if (Math.abs(share) < 0.5) return 'as before'
  if (share >= 1000) return `×${(now / before).toFixed(0)}`
  return `${share > 0 ? '+' : '−'}${Math.abs(share).toFixed(0)} %`
}
