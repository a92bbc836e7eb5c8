/** The reviewer's queue, and who looks at what. */
import { queryOptions } from '@tanstack/react-query'
import { api, apiUrl, type Query } from './client'
import type { Scope } from './queries'
import type { ReviewClaim, ReviewQueue } from './types'

export type What = 'span' | 'trace' | 'session'

export interface Wanted {
  what: What
  score: string
  sample: number
  low: string
  below: number
  order: 'unreviewed' | 'newest'
}

export const reviewQuery = (scope: Scope, wanted: Wanted, holder: string) =>
  queryOptions({
    queryKey: ['/review', scope, wanted],
    queryFn: ({ signal }) => {
      const { what, score, sample, order } = wanted
      const low: Query = wanted.low ? { low_score: wanted.low, below: wanted.below } : {}
      return api.get<ReviewQueue>(
        '/review/queue',
        { ...scope, what, score, sample, order, ...low, holder },
        signal,
      )
    },
    // It must not reorder itself under the reviewer's hands; it is asked anew on purpose.
    staleTime: Infinity,
    gcTime: 0,
  })

export interface Target {
  what: What
  trace_id: string
  span_id: string
  session_id: string
}

export const claimReview = (project: string, target: Target, holder: string) =>
  api.put<ReviewClaim>('/review/claims', { ...target, holder }, { project })
/** Also on the way out of the page, when nobody waits for an answer; where it is lost the claim ends by itself. */
export function releaseReview(project: string, target: Target, holder: string): void {
  void fetch(apiUrl('/review/claims/release', { project }), {
    method: 'POST',
    keepalive: true,
    credentials: 'same-origin',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ ...target, holder }),
  }).catch(() => null)
}
