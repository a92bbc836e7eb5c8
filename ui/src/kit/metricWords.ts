/** What can be worked out of a metric, in a reader's words. */
import type { Aggregation } from '@/api/types'

export const WORDS: Record<Aggregation, string> = {
  avg: 'average',
  sum: 'sum',
  min: 'least',
  max: 'most',
  last: 'last value',
  count: 'count of points',
  rate: 'rate per second',
  increase: 'increase per step',
  quantile: 'quantile',
}
