import { describe, expect, it } from 'vitest'
import type { ServiceRow } from '@/api/types'
import { proposalsOf, roundLimit } from './proposals'

const service = (name: string, basis: ServiceRow['basis'], p95: number | null) =>
  ({ service: name, basis, p95_ms: p95 }) as ServiceRow

describe('proposals', () => {
  it('are about what is there', () => {
    expect(proposalsOf([], [], false)).toEqual([])
    const found = proposalsOf(
      [service('web', 'requests', 130), service('batch', 'traces', null)],
      [{ name: 'system.filesystem.utilization', attribute_keys: ['system.filesystem.mountpoint'] }],
      true,
    )
    expect(found.map((p) => p.name)).toEqual([
      'web: errors',
      'web: slow',
      'web: silent',
      'batch: errors',
      'batch: slow',
      'batch: silent',
      'A new error',
      'Disks are filling up',
      'Errors in the logs',
    ])
    expect(found[1]!.definition.query).toMatchObject({ q: 'service:web span_kind:server' })
    expect(found[1]!.definition.condition).toMatchObject({ limit: 300 })
    expect(found[3]!.definition.query).toMatchObject({ q: 'service:batch' })
  })
  it('quote what a name holds', () => {
    const [first] = proposalsOf([service('a b"c', 'spans', 1)], [], false)
    expect(first!.definition.query).toMatchObject({ q: 'service:"a b\\"c"' })
  })
  it('have round limits', () => {
    expect([0.031, 1, 12, 47, 260, 8_001].map(roundLimit)).toEqual([0.05, 1, 20, 50, 300, 10_000])
  })
})
