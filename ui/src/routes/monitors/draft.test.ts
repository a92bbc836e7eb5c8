import { describe, expect, it } from 'vitest'
import type { MonitorDefinition } from '@/api/types'
import { besideField, definitionOf, draftOf, fieldOf, previewable, problemsOf, watchedOf } from './draft'

const WHOLE: MonitorDefinition = {
  query: { kind: 'spans', q: 'service:web', measure: 'p95_ms' },
  condition: { op: '<=', limit: 0.5, aggregate: 'max', recovery_limit: 0.75 },
  no_data: 'ok',
  window_s: 900,
  interval_s: 30,
  for_s: 90,
  severity: 'critical',
  description: 'd',
  runbook: 'r',
}

describe('a draft', () => {
  it('gives back the definition that it was made of', () => {
    expect(definitionOf(draftOf('n', WHOLE))).toEqual(WHOLE)
    const silent: MonitorDefinition = { ...WHOLE, condition: null, no_data: 'alert' }
    expect(definitionOf(draftOf('n', silent))).toEqual(silent)
  })
  it('names what is wrong by the API’s fields', () => {
    const draft = { ...draftOf(' ', { query: { kind: 'metric', name: '' } }), window: 'soon', recovery: 'x' }
    expect(Object.keys(problemsOf(draft)).sort()).toEqual([
      'condition.limit',
      'condition.recovery_limit',
      'name',
      'query',
      'window_s',
    ])
    expect(problemsOf({ ...draftOf('n', WHOLE), limited: false })).toHaveProperty('no_data')
    expect(problemsOf(draftOf('n', WHOLE))).toEqual({})
  })
  it('can be looked at before it has a name and a limit', () => {
    const draft = draftOf('', { query: { kind: 'logs' } })
    expect(previewable(problemsOf(draft))).toBe(true)
    expect(draft.aggregate).toBe('sum')
    expect(previewable(problemsOf({ ...draft, hold: '?' }))).toBe(false)
    expect(definitionOf(draft).condition!.limit).toBe(Number.MAX_VALUE)
    expect(definitionOf({ ...draft, op: '<' }).condition!.limit).toBe(-Number.MAX_VALUE)
  })
})

describe('an error of the API', () => {
  it('stands beside its field', () => {
    const saved = [
      'definition.condition.limit',
      'window_s',
      'webhook.headers.x',
      'name',
      'condition',
      'speed',
    ]
    expect(saved.map((field) => fieldOf(field, true))).toEqual([
      'condition.limit',
      'window_s',
      'webhook.headers',
      'name',
      'condition.recovery_limit',
      'query',
    ])
    expect(besideField('definition.condition: value error, recovery_limit must lie.')).toBe(
      'Recovery_limit must lie.',
    )
    expect(besideField('Give it another name: it is taken.')).toBe('Give it another name: it is taken.')
    expect(fieldOf('name', false)).toBe('query')
    expect(fieldOf(undefined, true)).toBeUndefined()
    expect(fieldOf('body', true)).toBeUndefined()
  })
})

describe('the address', () => {
  it('holds a query or a definition, and anything else is nothing', () => {
    expect(watchedOf('{"kind":"logs","q":"a"}')).toEqual({ query: { kind: 'logs', q: 'a' } })
    expect(watchedOf(JSON.stringify(WHOLE))).toEqual(WHOLE)
    for (const wrong of [
      '',
      'x',
      'null',
      '[]',
      '{"kind":"moon"}',
      '{"kind":"sql"}',
      '{"kind":"logs","q":3}',
      '{"query":1}',
    ])
      expect(watchedOf(wrong)).toBeNull()
  })
})
