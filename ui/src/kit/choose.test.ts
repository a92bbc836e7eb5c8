import { expect, it } from 'vitest'
import { chosenAfter } from './choose'

const keys = ['a', 'b', 'c', 'd']
const after = (chosen: string[], key: string, from?: string, most = 10) => [
  ...chosenAfter(new Set(chosen), keys, key, from, most),
]

it('chooses one, takes it back, or chooses all in between, downwards and upwards', () => {
  expect(after([], 'b')).toEqual(['b'])
  expect(after(['a', 'b'], 'b')).toEqual(['a'])
  expect(after(['b'], 'd', 'b')).toEqual(['b', 'c', 'd'])
  expect(after(['d'], 'b', 'd')).toEqual(['d', 'b', 'c'])
})

it('a range whose beginning is no longer there is one row, and nothing is beyond the most', () => {
  expect(after(['gone'], 'b', 'gone')).toEqual(['gone', 'b'])
  expect(after(['a'], 'd', 'a', 3)).toEqual(['a', 'b', 'c'])
  expect(after(['a', 'b', 'c'], 'd', undefined, 3)).toEqual(['a', 'b', 'c'])
})
