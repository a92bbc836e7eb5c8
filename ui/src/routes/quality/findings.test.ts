import { expect, test } from 'vitest'
import type { Finding, Validation } from '@/api/types'
import { filterOf, findingKey, rowsQ, timeOf, withFindings } from './findings'

const finding = {
  subject: 'risk/🙂 v1',
  version: '2',
  detector: 'schema',
  feature: 'a b',
  type: 'X',
  first_seen: '2026-11-26T10:00:00.123456789Z',
  last_seen: '2026-11-26T10:00:01.999000000Z',
  rows_filter: 'model:"risk/🙂 \\"v1\\"" version:2 "features.a b":>3',
} as Finding

test('the rows of a finding are found on the page of its model, within its time', () => {
  expect(rowsQ(finding)).toBe('version:2 "features.a b":>3')
  expect(rowsQ({ ...finding, rows_filter: 'model:income version:2' })).toBe('version:2')
  expect(timeOf(finding)).toEqual({ from: '2026-11-26T10:00:00.123Z', to: '2026-11-26T10:00:02.000Z' })
})

test('names with spaces and quotes are words of a filter and of an address', () => {
  expect(filterOf('a "b"', '')).toBe('model:"a \\"b\\""')
  expect(filterOf('team/income', '3')).toBe('model:team/income version:3')
  expect(findingKey(finding).split(':')).toHaveLength(5)
})

test('what moved is wrong beside what the schema says, while it lasts', () => {
  const good = { passed: true, anomalies: [] as unknown[], dataset: [] as unknown[] } as Validation
  const moved = { ...finding, feature: 'a', detector: 'skew', severity: 'ERROR', current: true } as Finding
  expect(withFindings(good, [finding])).toBe(good)
  expect(withFindings(good, [{ ...moved, current: false }])).toBe(good)
  const both = withFindings(withFindings(good, [moved]), [{ ...moved, type: 'Y' }])
  expect(both.passed).toBe(false)
  expect(both.anomalies.map((one) => one.reasons.map((reason) => reason.type))).toEqual([['X', 'Y']])
  const versions = ['1', '2'].map((version) => ({ ...moved, version, evidence: 'Far.' }))
  const said = (of: Finding[]) => withFindings(good, of).anomalies[0]?.reasons.map((one) => one.description)
  expect(said(versions)).toEqual(['Version 1: Far.', 'Version 2: Far.'])
  expect(said(versions.slice(0, 1))).toEqual(['Far.'])
})
