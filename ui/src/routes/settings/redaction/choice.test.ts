import { describe, expect, it } from 'vitest'
import type { RedactionChoice, RedactionRule } from '@/api/types'
import { rowsOf, switched, switchedAll } from './choice'

const NOTHING: RedactionChoice = { on: [], off: [], pattern: [], allow: [] }
const rule = (name: string, by: RedactionRule['by'] = ''): RedactionRule => ({
  name,
  family: 'pii',
  what: '',
  on: by !== '',
  by,
  locked: false,
})

describe('a switch', () => {
  it('adds a name and takes it away again', () => {
    const on = switched(NOTHING, rule('email'), true)
    expect(on.on).toEqual(['email'])
    expect(switched(on, rule('email', 'project'), false)).toMatchObject({ on: [], off: ['email'] })
  })
  it('takes one rule out of a family and puts it back', () => {
    const family = switchedAll(NOTHING, 'pii', ['email', 'ip'], true)
    expect(family.on).toEqual(['pii'])
    const less = switched(family, rule('ip', 'project'), false)
    expect(less).toMatchObject({ on: ['pii'], off: ['ip'] })
    expect(switched(less, rule('ip'), true)).toMatchObject({ on: ['pii'], off: [] })
    expect(switchedAll(less, 'pii', ['email', 'ip'], false)).toEqual(NOTHING)
  })
})

describe('the rows behind a count', () => {
  const place = { rule: 'openai_key', key: 'body', signal: 'logs', sender: 'shop' }
  it('are the sender’s that have the key', () => {
    expect(rowsOf(place)).toEqual({ to: '/logs', q: 'service:shop' })
    expect(rowsOf({ ...place, signal: 'traces', rule: 'secret_attribute', key: 'db.password' })).toEqual({
      to: '/traces',
      q: 'service:shop db.password:*',
    })
    expect(rowsOf({ ...place, key: 'url.full', sender: '__other__' })?.q).toBe('url.full:*')
    expect(rowsOf({ ...place, key: 'event.exception.message' })?.q).toBe('service:shop')
    expect(rowsOf({ ...place, signal: 'metrics' })).toBeNull()
  })
})
