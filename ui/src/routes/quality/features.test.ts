import { expect, test } from 'vitest'
import type { FeatureRecord } from '@/api/qualityQueries'
import type { FeatureAnomalies } from '@/api/types'
import { bins, filterOfBin, mostMoved, said } from './distribution'
import { missing, rowsOf, sent, sorted, zeros } from './features'

const record = (feature: string, more: Partial<FeatureRecord> = {}): FeatureRecord => ({
  feature,
  kind: 'numeric',
  type: 'FLOAT',
  present: 90,
  missing: 10,
  value_count: 90,
  ...more,
})
const all = (...features: FeatureRecord[]) => ({ slice: '', rows: 100, windows: 1, features })
const wrong = (feature: string): FeatureAnomalies => ({
  feature,
  path: [feature],
  severity: 'ERROR',
  reasons: [
    { type: 'X', severity: 'ERROR', short: '', description: '', values: [], next_step: '', acceptable: true },
  ],
})

test('two histograms stand in the same bins, each with all of its values', () => {
  const { numeric, bins: found } = bins(
    record('age', { standard_histogram: [[0, 10, 50], [10, 20, 50]] }),
    record('age', { standard_histogram: [[10, 40, 30]] }),
  ) // prettier-ignore
  expect(numeric).toBe(true)
  expect(found).toHaveLength(20)
  expect(found[0]).toEqual({ label: '0 to 2', now: 0.1, then: 0, ends: { low: 0, high: 2, last: false } })
  for (const side of ['now', 'then'] as const)
    expect(found.reduce((sum, bin) => sum + bin[side]!, 0)).toBeCloseTo(1)
})

test('one value, infinities, and nothing', () => {
  const alone = record('x', { standard_histogram: [[5, 5, 9]] })
  expect(bins(alone, undefined).bins).toEqual([
    { label: '5', now: 1, then: null, ends: { low: 5, high: 5, last: true } },
  ])
  const odd = record('x', { standard_histogram: [['-inf', 0, 4], [0, 1, 6], [1, 1, 6]] }) // prettier-ignore
  expect(bins(odd, undefined).bins.reduce((sum, bin) => sum + bin.now!, 0)).toBeCloseTo(1)
  expect(bins(undefined, undefined).bins).toEqual([])
  expect([said('inf'), said('-inf'), said(undefined), said(1.5)]).toEqual(['∞', '−∞', '–', '1.5'])
})

test('categories by the larger share of either, and what moved most', () => {
  const now = record('job', { top_values: ['clerk', 'nurse'], top_frequencies: [81, 9] })
  const then = record('job', { top_values: ['nurse', 'cook'], top_frequencies: [45, 45] })
  const { numeric, bins: found } = bins(now, then)
  expect(numeric).toBe(false)
  expect(found.map((bin) => [bin.label, bin.now, bin.then])).toEqual([
    ['clerk', 0.9, 0],
    ['nurse', 0.1, 0.5],
    ['cook', 0, 0.5],
  ])
  expect(mostMoved(found)?.label).toBe('clerk')
  expect(mostMoved(bins(now, now).bins)).toBeNull()
  expect(bins(now, then, 1).bins).toHaveLength(1)
  const before = record('job', { standard_histogram: [[0, 10, 90]] })
  expect(bins(now, before).bins.map((bin) => bin.then)).toEqual([null, null])
})

test('what only the schema or the baseline has is a row too; the worst come first', () => {
  const rows = rowsOf(
    all(record('a'), record('b', { missing: 90, present: 10 }), record('c')),
    all(record('a'), record('gone')),
    [{ feature: 'a', distance: 0.5 }],
    [wrong('c'), wrong('asked')],
  )
  expect(rows.map((row) => row.name)).toEqual(['a', 'b', 'c', 'asked', 'gone'])
  const names = (sort: string, find = '') => sorted(rows, sort, find).map((row) => row.name)
  expect(names('-wrong')).toEqual(['c', 'asked', 'a', 'b', 'gone'])
  expect(names('-distance')[0]).toBe('a')
  expect(names('-missing')[0]).toBe('b')
  expect(names('name')).toEqual(['a', 'asked', 'b', 'c', 'gone'])
  expect(names('name', 'AS')).toEqual(['asked'])
})

test('shares are of rows and of values, unknown where nothing is', () => {
  expect(missing(record('a'))).toBe(0.1)
  expect(zeros(record('a', { zeros: 45 }))).toBe(0.5)
  expect([missing(undefined), missing(record('a', { present: 0, missing: 0 })), zeros(record('a'))]).toEqual([
    null,
    null,
    null,
  ])
})

test('columns that nobody sends are no features, unless one is missed or was sent before', () => {
  const none = { present: 0, missing: 100, value_count: 0 }
  const now = all(
    record('age', none),
    record('score'),
    record('prediction', none),
    record('latency_ms', none),
  )
  const names = (then?: ReturnType<typeof all>, ...of: FeatureAnomalies[]) =>
    sent(rowsOf(now, then, [], of)).map((row) => row.name)
  expect(names()).toEqual(['age', 'score'])
  expect(names(all(record('latency_ms')))).toEqual(['age', 'score', 'latency_ms'])
  expect(names(undefined, wrong('prediction'))).toEqual(['age', 'score', 'prediction'])
})

test('finds the rows of a bar: of the last bin also the greatest value', () => {
  const told = { feature: 'n', kind: 'numeric', type: 'FLOAT', present: 4, missing: 0 }
  const { bins: found } = bins({ ...told, standard_histogram: [[0, 10, 4]] }, undefined)
  expect(filterOfBin('n', found[0]!)).toBe('n:>=0 n:<0.5')
  expect(filterOfBin('n', found.at(-1)!)).toBe('n:>=9.5 n:<=10')
  expect(filterOfBin('prediction', { label: '1' })).toBe('output:1')
  expect(filterOfBin('scores.default', found[0]!)).toBe('scores.default:>=0 scores.default:<0.5')
  expect(filterOfBin('features.score', found[0]!)).toBe('features.score:>=0 features.score:<0.5')
  expect(filterOfBin('job', { label: 'a clerk' })).toBe('job:"a clerk"')
})
