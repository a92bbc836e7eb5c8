/** The rows behind a monitor: the same filter, the time of an alert. Pure. */
import type { SavedQuery } from '@/api/types'
import { printTerm } from '@/kit/filter'
import { openIn, type Elsewhere } from '@/kit/openIn'

const MARGIN_MS = 15 * 60_000

/** Of one series where `labels` say which; SQL has its own way to name them. */
export function rowsBehind(
  query: SavedQuery,
  labels: Record<string, string>,
  project: string,
  time: { from: string; to: string },
): Elsewhere {
  if (query.kind === 'sql') return openIn(query, {}, { project, ...time })
  const terms = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => printTerm({ negated: false, key, op: 'is', values: [value] }))
  return openIn({ ...query, q: [...terms, query.q].filter(Boolean).join(' ') }, {}, { project, ...time })
}

/** A quarter of an hour before what happened, and after it where it is over. */
export function around(startMs: number, endMs: number | null): { from: string; to: string } {
  return {
    from: new Date(startMs - MARGIN_MS).toISOString(),
    to: endMs === null ? 'now' : new Date(endMs + MARGIN_MS).toISOString(),
  }
}
