import { describe, expect, it } from 'vitest'
import type { SpanColumns } from '@/api/types'
import { foldedBelow, noiseOf, withoutNoise } from './noise'
import { buildTree } from './tree'

function trace(spans: { id: string; parent?: string; kind?: string; status?: string; running?: boolean }[]) {
  const of = <T>(pick: (span: (typeof spans)[number], i: number) => T) => spans.map(pick)
  return buildTree({
    span_id: of((s) => s.id),
    parent_span_id: of((s) => s.parent ?? ''),
    name: of((s) => s.id),
    kind: of((s) => s.kind ?? 'span'),
    span_kind: of(() => 'internal'),
    convention: of(() => ''),
    service: of(() => 'cli'),
    start_ns: of((_, i) => i),
    duration_ns: of((s) => (s.running ? null : 1)),
    status: of((s) => s.status ?? 'unset'),
    model: of(() => ''),
    input_tokens: of(() => null),
    output_tokens: of(() => null),
    cost_usd: of(() => null),
    has_events: of(() => false),
  } as SpanColumns)
}

const many = (n: number, parent: string) =>
  Array.from({ length: n }, (_, i) => ({ id: `${parent}-${i}`, parent }))

describe('noiseOf', () => {
  it('folds internals of an agent, and keeps what leads to a model, failed or still runs', () => {
    const tree = trace([
      { id: 'agent', kind: 'agent' },
      { id: 'step', parent: 'agent' },
      { id: 'model', parent: 'step', kind: 'llm' },
      { id: 'broken', parent: 'agent', status: 'error' },
      { id: 'hung', parent: 'agent', running: true },
      ...many(100, 'model'),
    ])
    const noise = noiseOf(tree)
    expect(noise.size).toBe(100)
    const left = [...withoutNoise(tree.order, noise)].map((i) => tree.columns.span_id[i])
    expect(left).toEqual(['agent', 'step', 'model', 'broken', 'hung'])
    expect([...foldedBelow(tree, noise)]).toEqual([[2, 100]])
  })
  it('leaves traces alone that have no agent or few internals', () => {
    expect(noiseOf(trace([{ id: 'root' }, ...many(100, 'root')])).size).toBe(0)
    expect(noiseOf(trace([{ id: 'agent', kind: 'agent' }, ...many(10, 'agent')])).size).toBe(0)
  })
})
