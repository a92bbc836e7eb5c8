import { expect, it } from 'vitest'
import { toggled } from './marks'

it('marks at most two: a third takes the place of the older', () => {
  expect(toggled([], 'a')).toEqual(['a'])
  expect(toggled(['a'], 'b')).toEqual(['a', 'b'])
  expect(toggled(['a', 'b'], 'c')).toEqual(['b', 'c'])
  expect(toggled(['a', 'b'], 'a')).toEqual(['b'])
})
