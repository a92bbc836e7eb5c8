import { expect, test } from 'vitest'
import { stack } from './stack'

test('series stand on each other, and one without a value adds nothing', () => {
  expect(stack([{ values: [1, 2, null] }, { values: [10, undefined, 30] }])).toEqual([
    [1, 2, 0],
    [11, 2, 30],
  ])
})

test('where no series has a value there is a gap, not a fall to zero', () => {
  expect(stack([{ values: [null, 1, null] }, { values: [null, 0, undefined] }])).toEqual([
    [null, 1, null],
    [null, 1, null],
  ])
})

test('nothing is stacked of nothing', () => {
  expect(stack([])).toEqual([])
})
