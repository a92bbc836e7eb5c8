import { describe, expect, it } from 'vitest'
import type { PromptRow, PromptUsage } from '@/api/types'
import { CALLS } from '@/routes/llm/calls'
import { listed, callsOf } from './usage'

const usage = (name: string, version: string, more: Partial<PromptUsage> = {}): PromptUsage => ({
  name,
  version,
  calls: 2,
  traces: 1,
  errors: 0,
  p50_ms: 5,
  p95_ms: 10,
  input_tokens: null,
  output_tokens: null,
  cost_usd: null,
  models: [],
  first_seen: '2026-11-23T10:00:00Z',
  last_seen: '2026-11-23T11:00:00Z',
  ...more,
})
const row = (name: string): PromptRow => ({
  name,
  description: '',
  newest: 1,
  versions: 1,
  labels: {},
  updated_at: '2026-11-23T10:00:00Z',
  updated_by: 'a',
})

describe('listed', () => {
  it('adds versions up, keeps what nobody said unknown, and lists what is not registered', () => {
    const rows = listed(
      [row('a'), row('z')],
      [
        usage('b', '1', { cost_usd: 0.5, p95_ms: null }),
        usage('b', '2', { cost_usd: null, calls: 3, p95_ms: 40, last_seen: '2026-11-23T12:00:00Z' }),
        usage('z', '', { input_tokens: 7 }),
      ],
    )
    expect(rows.map((r) => [r.name, r.calls, r.row !== null, r.cost_usd, r.p95_ms, r.input_tokens])).toEqual([
      ['b', 5, false, 0.5, 40, null],
      ['z', 2, true, null, 10, 7],
      ['a', 0, true, null, null, null],
    ])
    expect(rows[0]?.last_seen).toBe('2026-11-23T12:00:00Z')
  })
})

describe('callsOf', () => {
  it('quotes what the filter would read otherwise', () => {
    expect(callsOf('loan/greet', '3')).toBe(`${CALLS} prompt_name:"loan/greet" prompt_version:3`)
    expect(callsOf('a')).toBe(`${CALLS} prompt_name:a`)
  })
})
