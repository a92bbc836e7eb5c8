import { expect, test } from 'vitest'
import { sqlLines, withLine } from './sqlLines'

test('slices are lines, without blanks, at most eight', () => {
  expect(sqlLines(" age > 30 \n\n channel = 'web'")).toEqual(['age > 30', "channel = 'web'"])
  expect(sqlLines(undefined)).toEqual([])
  expect(sqlLines('a\n'.repeat(20))).toHaveLength(8)
  expect(withLine('a\nb', 'a')).toBe('b\na')
  expect(withLine(undefined, 'a')).toBe('a')
})
