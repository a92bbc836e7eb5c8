import { expect, it } from 'vitest'
import { metricText, sliceFilter, within } from './performanceWords'

it.each([
  ['region = east', 'region:east'],
  ['region = east AND 18 <= age < 30', 'region:east age:>=18 age:<30'],
  ['burden >= 1.5', 'burden:>=1.5'],
  ['income < 1e+06', 'income:<1e+06'],
  ['job is missing', '-job:*'],
  ['job = (others)', null],
])('the slice %s as a filter', (slice, filter) => expect(sliceFilter(slice)).toBe(filter))

it('writes shares as such, and what has no value as none', () => {
  expect(metricText('accuracy', 0.842)).toMatch(/84/)
  expect(metricText('brier_score', 0.12345)).toBe('0.123')
  expect(metricText('precision', null)).toBe('–')
})

it('the ends of an interval of a share stay within what a share can be', () => {
  expect([within('accuracy', 1.06), within('auc', -0.1), within('recall', 0.4)]).toEqual([1, 0, 0.4])
  expect(within('mean_error', -3)).toBe(-3)
})
