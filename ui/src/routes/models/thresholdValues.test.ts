import { expect, test } from 'vitest'
import { bestPlace, costsOf, metricsAt, placeOf, valueAt, type Table } from './thresholdValues'

const table: Table = {
  thresholds: [0, 0.5, 1],
  tp: [10, 8, 0],
  fp: [10, 2, 0],
  tn: [0, 8, 10],
  fn: [0, 2, 10],
}

test('a threshold is the nearest that was counted, 0.5 without one', () => {
  expect(placeOf(table, undefined)).toBe(1)
  expect(placeOf(table, '0.9')).toBe(2)
  expect(placeOf(table, 'half')).toBe(1)
})

test('costs are four numbers', () => {
  expect(costsOf('1,-5,0,-2')).toEqual([1, -5, 0, -2])
  expect(costsOf('1,2')).toBeUndefined()
  expect(costsOf('1,,x,2')).toBeUndefined()
})

test('the best threshold is the one that is worth most', () => {
  expect(valueAt(table, 1, [1, -5, 0, -2])).toBe(8 - 10 - 4)
  expect(bestPlace(table, [1, -5, 0, -2])).toBe(1)
  // Where a missed one costs most, everything is called positive.
  expect(bestPlace(table, [1, -1, 0, -20])).toBe(0)
})

test('shares of nothing have no value', () => {
  const at = Object.fromEntries(metricsAt(table, 2))
  expect(at.precision).toBeNull()
  expect(at.accuracy).toBe(0.5)
  expect(Object.fromEntries(metricsAt(table, 1)).f1_score).toBeCloseTo(0.8)
})
