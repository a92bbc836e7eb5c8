import { describe, expect, it } from 'vitest'
import type { AgentGraph, GraphNode } from '@/api/types'
import { BOX, lay } from './graphLayout'

const node = (id: string): GraphNode => ({
  id, kind: 'tool', label: id, count: 1, repeats: 0, errors: 0, duration_ms: 1, own_ms: 1, path_ms: 1,
  input_tokens: null, output_tokens: null, cost_usd: null, span_ids: [],
}) // prettier-ignore
const edge = (source: string, target: string, type = 'calls') => ({
  source,
  target,
  type,
  count: 1,
  critical: false,
})

describe('lay', () => {
  it('places a loop and a node that calls itself without overlap', () => {
    const graph: AgentGraph = {
      nodes: ['a', 'b', 'c'].map(node),
      edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'c', 'then'), edge('c', 'b', 'then'), edge('b', 'b')],
      duration_ms: 1,
      truncated: false,
    }
    const laid = lay(graph, false)
    expect(laid.edges).toHaveLength(5)
    for (const one of laid.nodes)
      for (const other of laid.nodes)
        if (one !== other)
          expect(Math.abs(one.x - other.x) >= BOX.width || Math.abs(one.y - other.y) >= BOX.height).toBe(true)
    expect(laid.edges.every((e) => e.points.length > 1)).toBe(true)
  })
})
