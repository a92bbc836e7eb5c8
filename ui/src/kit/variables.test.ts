import { expect, test } from 'vitest'
import type { DashboardVariable } from '@/api/types'
import { chosenOf, filled, parseChosen, printChosen, variablesOf, settledQuery, written } from './variables'

test('chosen values survive the address, whatever they hold', () => {
  for (const values of [['a'], ['a', 'b'], ['a,b', '100%', '*'], ['%2c', 'x'], []]) {
    expect(parseChosen(printChosen(values))).toEqual(values)
  }
  expect(variablesOf({ 'var.service': 'a', q: 'b', 'var.n': 3 })).toEqual({ 'var.service': 'a' })
})

test('a default holds until the address says something else, also everything', () => {
  const variables: DashboardVariable[] = [{ name: 'stage', kind: 'text', default: ['prod'] }]
  expect(chosenOf(variables, {})).toEqual({ stage: ['prod'] })
  expect(chosenOf(variables, { 'var.stage': 'test' })).toEqual({ stage: ['test'] })
  expect(chosenOf(variables, { 'var.stage': '*' })).toEqual({ stage: [] })
})

test('a filter is opened with the values in it, and without a term of which none is chosen', () => {
  const chosen = { service: ['web', 'a b'], route: [] }
  expect(filled('service:$service route:$route status:error', chosen)).toBe('service:web,"a b" status:error')
  expect(filled('-service:$service "$service"', chosen)).toBe('-service:web,"a b" $service')
  expect(filled('service:$unknown', chosen)).toBe('service:$unknown')
})

test('a value of SQL is a quoted text and can end nothing', () => {
  const sql =
    "WHERE ({s:String} = '' OR x = {s:String}) AND y IN {l:Array(String)} AND t >= {from:DateTime64(9)}"
  const text = written(sql, { s: ["o'; DROP"], l: ['a', "b'"] }, '2026-01-01T00:00:00Z', 'now', 0)
  expect(text).toBe(
    "WHERE ('o\\'; DROP' = '' OR x = 'o\\'; DROP') AND y IN ['a', 'b\\''] AND t >= fromUnixTimestamp64Milli(1767225600000)",
  )
  expect(written('{step_s:UInt32} {nobody:String}', {}, 'now-2h', 'now', 7_200_000)).toBe(
    '60 {nobody:String}',
  )
})

test('goes along to where there are no variables', () => {
  const chosen = { service: ['web', 'a b'], n: ['3'] }
  expect(settledQuery({ kind: 'logs', q: 'service:$service x' }, chosen)).toEqual({
    kind: 'logs',
    q: 'service:web,"a b" x',
  })
  const query = 'SELECT {n:UInt8} WHERE t > {from:DateTime64(9)} AND s IN {service:Array(String)}'
  expect(settledQuery({ kind: 'sql', query }, chosen)).toEqual({
    kind: 'sql',
    query: "SELECT 3 WHERE t > {from:DateTime64(9)} AND s IN ['web', 'a b']",
  })
})
