/** Which rows the numbers of this page are of, and how they changed. Pure. */
import { parseFilter, printFilter, printTerm, type Term } from '@/kit/filter'

/** What the server counts as a call of a model. */
export const CALLS = 'kind:llm,embedding,reranker -duplicate_of:*'

/** Keys that a call takes from other spans of its trace: their rows are traces. */
const OF_THE_TRACE = new Set(['session_id', 'user_id', 'agent', 'tool'])

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
  sort?: string | undefined
}

/** The rows behind a number of one group, or of the whole page: `also` is what makes them this number's. */
export function rowsOf(q: string, terms: readonly Term[] = [], also = '', sort?: string): Rows {
  const joined = (...parts: string[]) => parts.filter(Boolean).join(' ')
  const said = printFilter(terms)
  // A trace that names no user is found by its calls.
  const traces = [...terms, ...parseFilter(q)].some((t) => OF_THE_TRACE.has(t.key) && !t.negated)
  if (!traces) return { view: 'spans', q: joined(CALLS, said, also, q), sort }
  // What holds for a call need not hold for the span that names the user: the traces with most of it come first.
  // And the span of a tool hardly ever names the user: the traces of the user are all that can be listed.
  const apart = looksAtTraces(q) && terms.some((t) => t.key === 'tool')
  return { q: apart ? q : joined(said, q), sort: FIRST[also] ?? sort }
}
const FIRST: Partial<Record<string, string>> = {
  'status:error': '-error_count',
  'cost_usd:*': '-cost_usd',
  'input_tokens:*': '-tokens',
  'output_tokens:*': '-tokens',
}

/** Whether the filter asks for what calls take from other spans: panels and monitors look at what calls say themselves. */
export const looksAtTraces = (q: string): boolean => parseFilter(q).some((term) => OF_THE_TRACE.has(term.key))

/** The question of a panel or monitor about the same calls. */
export const asked = (q: string, ...terms: Term[]): string =>
  [CALLS, ...terms.map(printTerm), q].filter(Boolean).join(' ')

/** Whether it is worse where more is: never what is said to be as before. */
export const rose = (now: number | null, before: number | null | undefined): boolean =>
  now !== null && now > (before ?? now) && change(now, before) !== AS_BEFORE

const AS_BEFORE = 'as before'

/** `+12 %`, `-3 %`, `new`; nothing where one of the two is not known. */
export function change(now: number | null, before: number | null | undefined): string {
  if (now === null || before === null || before === undefined) return ''
  if (before === 0) return now === 0 ? '' : 'none before'
  const share = ((now - before) / before) * 100
  if (Math.abs(share) < 0.5) return AS_BEFORE
  if (share >= 1000) return `×${(now / before).toFixed(0)}`
  return `${share > 0 ? '+' : '−'}${Math.abs(share).toFixed(0)} %`
}
