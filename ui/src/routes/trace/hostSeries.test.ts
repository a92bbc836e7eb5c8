import { expect, it } from 'vitest'
import { onto } from './hostSeries'

it('draws a line between the points of one sender, and a gap where it was silent', () => {
  const points: [number, number][] = [
    [0, 1],
    [10, 2],
    [20, 3],
    [60, 4],
  ]
  expect(onto([0, 5, 10, 15, 20, 40, 60, 70], points)).toEqual([1, undefined, 2, undefined, 3, null, 4, null])
  expect(onto([5], [])).toEqual([null])
})
