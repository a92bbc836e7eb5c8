/** How drift is measured, as the URL says it: by what, above which value, in which chunks. */
import type { Scope } from '@/api/queries'
import { chunkMinutes } from './baseline'

export const METHODS = [
  { value: '', label: 'Jensen-Shannon (js)' },
  { value: 'psi', label: 'Population stability (psi)' },
  { value: 'hellinger', label: 'Hellinger' },
  { value: 'linf', label: 'L-infinity (linf)' },
  { value: 'tvd', label: 'Total variation (tvd)' },
  { value: 'kl', label: 'Kullback-Leibler (kl)' },
  { value: 'chi2', label: 'Chi-squared (chi2)' },
  { value: 'ks', label: 'Kolmogorov-Smirnov (ks), exact' },
  { value: 'wasserstein', label: 'Wasserstein, exact' },
  { value: 'energy', label: 'Energy, exact' },
  { value: 'mmd', label: 'Mean discrepancy (mmd), exact' },
]
export const LIMITS = [
  { value: '', label: 'the method’s own, 0.1' },
  { value: '0.05', label: '0.05' },
  { value: '0.2', label: '0.2' },
  { value: '0.3', label: '0.3' },
  { value: '3std', label: 'from the baseline’s variation, 3 deviations' },
  { value: '2std', label: 'from the baseline’s variation, 2 deviations' },
]
export const CHUNKS = [
  { value: '', label: 'by time, about twelve' },
  { value: '5m', label: 'of 5 minutes' },
  { value: '60m', label: 'of an hour' },
  { value: '1440m', label: 'of a day' },
  { value: '10080m', label: 'of a week' },
  { value: '200', label: 'of 200 predictions' },
  { value: '1000', label: 'of 1,000 predictions' },
  { value: '5000', label: 'of 5,000 predictions' },
]
const EXACT = new Set(['ks', 'wasserstein', 'energy', 'mmd'])

export interface DriftAsked {
  method?: readonly string[]
  threshold?: number
  deviations?: number
  chunk_minutes?: number
  chunk_rows?: number
}

/** What the server is asked. A word that nobody knows is as none. */
export function driftAsked(
  search: Record<string, string | undefined>,
  window: Scope,
  perSecond: number | undefined,
): DriftAsked {
  const asked: DriftAsked = {}
  const known = METHODS.some((one) => one.value === search.method) ? search.method : undefined
  // A distance of numbers says nothing of categories: they keep the usual one.
  if (known) asked.method = EXACT.has(known) ? [known, 'js'] : [known]
  const limit = /^(\d*\.?\d+)(std)?$/.exec(search.limit ?? '')
  if (limit && Number(limit[1]) > 0) asked[limit[2] ? 'deviations' : 'threshold'] = Number(limit[1])
  const chunk = /^(\d+)(m)?$/.exec(search.chunk ?? '')
  if (chunk && Number(chunk[1]) > 0) asked[chunk[2] ? 'chunk_minutes' : 'chunk_rows'] = Number(chunk[1])
  else {
    const minutes = chunkMinutes(window, perSecond)
    if (minutes) asked.chunk_minutes = minutes
  }
  return asked
}

/** How many of these are not as usual. */
export const changedCount = (search: Record<string, string | undefined>): number =>
  [search.method, search.limit, search.chunk].filter(Boolean).length
