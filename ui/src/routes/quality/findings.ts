/** Findings as a page names them, and where the rows behind one are. */
import type { Finding } from '@/api/types'
import { is, parseFilter, printFilter } from '@/kit/filter'
import { isoToMs } from '@/kit/time'

/** As one word of an address. */
export const findingKey = (of: Finding): string =>
  [of.subject, of.version, of.detector, of.feature, of.type].map(encodeURIComponent).join(':')

/** Those of a model, in one version or in all. */
export const filterOf = (model: string, version: string): string =>
  printFilter([...(model ? [is('model', model)] : []), ...(version ? [is('version', version)] : [])])

/** The time in which its rows lie, the last one within it. */
export const timeOf = (of: Finding): { from: string; to: string } => ({
  from: new Date(Math.floor(isoToMs(of.first_seen))).toISOString(),
  to: new Date(Math.floor(isoToMs(of.last_seen)) + 1).toISOString(),
})

/** The filter without the model, whose page it is for. */
export const rowsQ = (of: Finding): string =>
  printFilter(parseFilter(of.rows_filter).filter((term) => term.key !== 'model'))

/** How it is held against something else. */
export const besides: Record<string, string> = {
  drift: 'beside the day before',
  skew: 'beside the training data',
}
