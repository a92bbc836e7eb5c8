/** Drift in words, and the predictions behind it as a filter. */
import type { DriftFeature, DriftReport } from '@/api/types'
import { is, printTerm, range } from '@/kit/filter'
import { count } from '@/kit/format'
import { percent } from '../services/measures'

export const VERDICTS = { drift: 'drift', no_drift: 'no drift', not_enough_data: 'too few' } as const

/** The distance that ranks the feature, or what else found drift. */
export function telling(feature: DriftFeature) {
  return (
    feature.results.find((r) => r.verdict === 'drift') ?? feature.results.find((r) => r.method !== 'presence')
  )
}

/** Whether a chunk is known by when it begins, and not by the predictions in it. */
export const isTime = (chunk: string): boolean => chunk.includes('T')

/** What moved most, in a few words. */
export function movedText(feature: DriftFeature): string {
  const [first] = feature.moved
  if (!first) return ''
  return `${first.what} ${percent(first.baseline_share)} → ${percent(first.window_share)}`
}

/** The column of a report as a key of the filter; a feature that is named like a field keeps its prefix in both. */
export const keyOf = (column: string): string =>
  column === 'prediction' ? 'output' : column === CORRECT ? `features.${column}` : column

/** A column of what is known of embeddings, and a field of the filter: of columns alone it is a feature. */
export const CORRECT = 'correct'
/** What a report calls the values that it does not count one by one. */
export const OTHERS = '(other values)'
/** What a text is like by itself; which of its words nobody had seen, only the texts of a baseline say. */
const OF_A_TEXT = /\.(characters|words|not_letters)$/
/** As many characters find room in an address. */
const ROOM = 8_000

/** The predictions with this bin or value; null where no filter says it. */
export function behind(
  feature: Pick<DriftFeature, 'name'> & Partial<Pick<DriftFeature, 'of_text' | 'others_than'>>,
  what: string,
  kind: string,
  key = keyOf(feature.name),
): string | null {
  if (feature.of_text) {
    return OF_A_TEXT.test(feature.name) ? ofNumbers(`texts.${feature.name}`, what, kind) : null
  }
  if (kind !== 'value') return ofNumbers(key, what, kind)
  if (what !== OTHERS) return printTerm(is(key, what))
  return feature.others_than?.length ? withRoom(noneOf(key, feature.others_than)) : null
}

/** The predictions with a value that is not drawn. */
export function behindNone(feature: Pick<DriftFeature, 'name' | 'bars' | 'others_than'>): string | null {
  const key = keyOf(feature.name)
  const drawn = feature.bars.map((bar) => bar.what)
  if (!drawn.includes(OTHERS)) return withRoom(noneOf(key, drawn))
  const listed = feature.others_than.filter((value) => !drawn.includes(value))
  return listed.length ? withRoom(printTerm({ negated: false, key, op: 'is', values: listed })) : null
}

const noneOf = (key: string, values: string[]): string =>
  `${printTerm({ negated: false, key, op: 'exists', values: [] })} ${printTerm({ negated: true, key, op: 'is', values })}`
const withRoom = (filter: string): string | null => (filter.length > ROOM ? null : filter)

function ofNumbers(key: string, what: string, kind: string): string | null {
  if (kind === 'presence') {
    return what === 'missing' ? printTerm({ negated: true, key, op: 'exists', values: [] }) : null
  }
  const number = '(-?[0-9.e+-]+|-?inf)'
  const between = new RegExp(`^${number} … ${number}$`).exec(what)
  if (between) return range('', key, between[1]!, between[2]!)
  const edge = /^([<≥>=]) (\S+)$/.exec(what)
  if (!edge) return null
  const [, sign, value] = edge
  if (sign === '<') return printTerm({ negated: false, key, op: '<', values: [value!] })
  if (sign === '=') return printTerm(is(key, value!))
  return printTerm({ negated: false, key, op: sign === '≥' ? '>=' : '>', values: [value!] })
}

/** Where the numbers came from, where not every prediction was read. */
export function readFrom(report: DriftReport): { words: string; title: string } | null {
  const kept = report.features.filter((feature) => feature.way === 'from states').length
  if (!kept) return null
  const words = kept === report.features.length ? 'from kept statistics' : 'mostly from kept statistics'
  return {
    words,
    title: 'Distances of numbers are within 0.02 of those of all predictions; labels are read themselves.',
  }
}

/** The verdict in one sentence. */
export function sentence(report: DriftReport): string {
  const drifted = report.features.filter((feature) => feature.verdict === 'drift')
  if (report.verdict === 'not_enough_data') return 'Not enough predictions to tell.'
  if (!drifted.length) {
    if (report.verdict === 'drift') return 'Drift of the whole, though no column moved by itself.'
    return `No drift: ${count(report.compared)} columns are as they were.`
  }
  const names = drifted.slice(0, 3).map((feature) => feature.name.slice(0, 60))
  const rest = drifted.length - names.length
  const all = names.join(', ') + (rest ? ` and ${rest} more` : '')
  return `Drift: ${drifted.length} of ${count(report.compared)} columns moved: ${all}.`
}
