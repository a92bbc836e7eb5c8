import { describe, expect, it } from 'vitest'
import type { AgentGraph, GraphNode } from '@/api/types'
import { BOX, layWithin } from './graphLayout'

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

describe('layWithin', () => {
  it('goes down the page where a chain would leave it to the right', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const graph: AgentGraph = {
      nodes: names.map(node),
      edges: names.slice(1).map((name, i) => edge(names[i]!, name)),
      duration_ms: 1,
      truncated: false,
    }
    expect(layWithin(graph, 1_200).width).toBeLessThanOrEqual(1_200)
    const wide = layWithin(graph, 3_000)
    expect(wide.width).toBeGreaterThan(wide.height)
  })

  it('places a loop and a node that calls itself without overlap', () => {
    const graph: AgentGraph = {
      nodes: ['a', 'b', 'c'].map(node),
      edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'c', 'then'), edge('c', 'b', 'then'), edge('b', 'b')],
      duration_ms: 1,
      truncated: false,
    }
    const laid = layWithin(graph, 2000)
    expect(laid.edges).toHaveLength(5)
    for (const one of laid.nodes)
      for (const other of laid.nodes)
        if (one !== other)
          expect(Math.abs(one.x - other.x) >= BOX.width || Math.abs(one.y - other.y) >= BOX.height).toBe(true)
    expect(laid.edges.every((e) => e.points.length > 1)).toBe(true)
  })
})
