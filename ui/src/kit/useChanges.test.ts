import { expect, test } from 'vitest'
import { changeText, grouped, widened, type Change } from './useChanges'

const change = (at: number, more: Partial<Change> = {}): Change => ({
  at,
  time: '',
  kind: 'deploy',
  subject: 'shop',
  before: '',
  after: '',
  source: '',
  attributes: {},
  ...more,
})

test('ranges that differ by little ask the same question', () => {
  const now = 1_795_428_000_000
  const [from, to] = widened(now - 3_600_000, now)
  expect(widened(now - 3_600_000 + 7_000, now - 1_000)).toEqual([from, to])
  expect(from).toBeLessThanOrEqual(now - 3_600_000)
  expect(to).toBeGreaterThanOrEqual(now)
})

test('changes close to each other share a mark', () => {
  const groups = grouped([change(0), change(5), change(20), change(29), change(31)], 10)
  expect(groups.map((group) => group.map((c) => c.at))).toEqual([[0, 5], [20, 29], [31]])
})

test('a change is said in one line', () => {
  expect(changeText(change(0, { before: '1', after: '2' }))).toBe('deploy shop 1 → 2')
  expect(changeText(change(0, { after: '2' }))).toBe('deploy shop → 2')
  expect(changeText(change(0))).toBe('deploy shop')
})
