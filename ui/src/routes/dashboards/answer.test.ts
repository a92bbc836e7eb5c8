import { expect, test } from 'vitest'
import type { QueryAnswer } from '@/api/types'
import { csvOf, drawnOf, framed, stepOf } from './answer'

const answer = (patch: Partial<QueryAnswer>): QueryAnswer => ({
  unit: 'ms',
  step_s: 10,
  series: [],
  table: null,
  truncated: false,
  note: null,
  ...patch,
})
const series = (labels: Record<string, string>, ...values: (number | null)[]) => ({
  labels,
  points: values.map((v, i): [number, number | null] => [i * 60_000, v]),
  total: null,
})

test('lines are named by the keys that they have, and the highest comes first', () => {
  const panel = { title: 'CPU', query: { kind: 'metric' as const, name: 'system.cpu.utilization' } }
  const found = drawnOf(
    panel,
    answer({
      unit: '1',
      series: [
        series({ 'cpu.mode': 'system', state: '' }, 0.1),
        series({ 'cpu.mode': '', state: 'user' }, 0.5),
      ],
    }),
  )
  expect(found.lines.map((l) => l.label)).toEqual(['user', 'system'])
  expect([found.scale.unit, found.scale.format(0.5), found.measured]).toEqual(['%', '50', 2])
  expect(drawnOf(panel, answer({ series: [series({})] })).lines[0]!.label).toBe('CPU')
})

test('a unit of the panel goes before that of the answer', () => {
  const query = { kind: 'sql' as const, query: 'SELECT 1' }
  const rate = drawnOf({ title: 'x', query, unit: '1/s' }, answer({ series: [series({}, 3)] }))
  expect(rate.scale.unit).toBe('/s')
  const bytes = drawnOf({ title: 'x', query, unit: 'By' }, answer({ series: [series({}, 2048)] }))
  expect([bytes.scale.unit, bytes.scale.format(2048)]).toEqual(['KiB', '2'])
})

test('SQL has the step of its own times', () => {
  const asked = answer({ series: [series({}, 1, 2, 3)] })
  expect(stepOf({ query: { kind: 'sql', query: '' } }, asked)).toBe(60_000)
  expect(stepOf({ query: { kind: 'logs' } }, asked)).toBe(10_000)
})

test('the axis reaches from one end of the time to the other', () => {
  expect(framed([50, 60], [0, 100], 10)).toEqual([
    [0, 40],
    [70, 100],
  ])
  expect(framed([0, 100], [0, 100], 10)).toEqual([[], []])
  expect(framed([50], null, 10)).toEqual([[], []])
  expect(framed([], [0, 100], 10)).toEqual([[], []])
})

test('a file holds series as rows and a table as it came', () => {
  expect(csvOf(answer({ series: [series({ service: 'a,b' }, 1, null)] }))).toBe(
    'time,service,value\r\n1970-01-01T00:00:00.000Z,"a,b",1\r\n1970-01-01T00:01:00.000Z,"a,b",',
  )
  const table = { columns: [{ name: 'n', type: 'String' }], rows: [['=1+1'], [null], [[1]]] }
  expect(csvOf(answer({ table }))).toBe("n\r\n'=1+1\r\n\r\n[1]")
})
