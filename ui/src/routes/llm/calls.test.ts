import { expect, test } from 'vitest'
import { CALLS, change, groupTerms, looksAtTraces, rose, rowsOf } from './calls'

test('numbers lead to calls, and those of a session, user or agent to traces', () => {
  expect(rowsOf('service:web')).toEqual({ view: 'spans', q: `${CALLS} service:web` })
  expect(rowsOf('', groupTerms(['model'], ['gpt 4']), 'status:error')).toEqual({
    view: 'spans',
    q: `${CALLS} model:"gpt 4" status:error`,
  })
  expect(rowsOf('', groupTerms(['user_id'], ['al"ice']))).toEqual({ q: 'user_id:"al\\"ice"' })
  expect(rowsOf('', groupTerms(['tool'], ['search']), 'status:error')).toEqual({
    q: 'tool:search',
    sort: '-error_count',
  })
  expect(rowsOf('user_id:a', groupTerms(['tool'], ['search']))).toEqual({ q: 'user_id:a' })
  expect(rowsOf('tool:search', [], 'cost_usd:*')).toEqual({ q: 'tool:search', sort: '-cost_usd' })
  expect(rowsOf('', groupTerms(['user_id'], ['']))).toEqual({ view: 'spans', q: `${CALLS} -user_id:*` })
  expect(rowsOf('', groupTerms(['prompt_name', 'prompt_version'], ['greet', '']))).toEqual({
    view: 'spans',
    q: `${CALLS} prompt_name:greet -prompt_version:*`,
  })
})

test('what only traces name cannot be watched', () => {
  expect(looksAtTraces('model:m -user_id:a')).toBe(true)
  expect(looksAtTraces('model:m service:web')).toBe(false)
})

test('a change is said in per cent, and not where a side is unknown', () => {
  expect(change(112, 100)).toBe('+12 %')
  expect(change(97, 100)).toBe('−3 %')
  expect(change(100, 100)).toBe('as before')
  expect(change(5000, 100)).toBe('×50')
  expect(change(5, 0)).toBe('none before')
  expect(change(0, 0)).toBe('')
  expect(change(null, 3)).toBe('')
  expect(change(3, null)).toBe('')
})

test('what is said to be as before is not worse', () => {
  expect(rose(0.1001, 0.1)).toBe(false)
  expect(rose(0.11, 0.1)).toBe(true)
  expect(rose(0.1, 0)).toBe(true)
  expect(rose(0.09, 0.1)).toBe(false)
  expect(rose(0.1, null)).toBe(false)
  expect(rose(null, 0.1)).toBe(false)
})
