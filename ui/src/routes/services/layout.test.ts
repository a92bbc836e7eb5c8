import { expect, it } from 'vitest'
import type { ServiceMap } from '@/api/types'
import { drawable, MOST_EDGES, NODE, pathOf, place } from './layout'

const node = (id: string) =>
  ({ id, label: id, kind: 'service', requests: 1, rate_per_s: 1, error_rate: 0, p95_ms: 1 }) as const
const edge = (source: string, target: string) => ({
  source,
  target,
  requests: 1,
  rate_per_s: 1,
  error_rate: 0,
  p50_ms: 1,
  p95_ms: 1,
})

it('puts whoever asks left of whoever is asked, and no node on another, also in a circle', () => {
  const names = Array.from({ length: 30 }, (_, i) => `s${i}`)
  const map: ServiceMap = {
    nodes: names.map(node),
    edges: [...names.slice(1).map((name, i) => edge(`s${Math.floor(i / 3)}`, name)), edge('s29', 's0')],
    truncated: false,
  }
  const placed = place(map)
  const at = new Map(placed.nodes.map((n) => [n.node.id, n]))
  expect(at.get('s0')!.x).toBeLessThan(at.get('s1')!.x)
  for (const a of placed.nodes)
    for (const b of placed.nodes)
      if (a !== b) expect(Math.abs(a.x - b.x) >= NODE.width || Math.abs(a.y - b.y) >= NODE.height).toBe(true)
  expect(placed.edges).toHaveLength(30)
})

it('draws a line through every point', () => {
  expect(
    pathOf([
      { x: 0, y: 0 },
      { x: 5, y: 5 },
      { x: 10, y: 0 },
    ]),
  ).toBe('M0,0Q5,5 7.5,2.5L10,0')
  expect(pathOf([])).toBe('')
})

it('draws what fails, then the busiest, of more edges than anybody can follow', () => {
  const names = Array.from({ length: MOST_EDGES + 52 }, (_, i) => `s${i}`)
  const edges = names.slice(1).map((name, i) => ({ ...edge('s0', name), requests: i + 1 }))
  edges[0] = { ...edges[0]!, error_rate: 0.5 }
  const map: ServiceMap = { nodes: names.map(node), edges, truncated: false }
  const drawn = drawable(map)
  expect(drawn.edges).toHaveLength(MOST_EDGES)
  expect(drawn.edges.slice(0, 2).map((e) => e.target)).toEqual(['s1', names.at(-1)])
  expect(drawn.nodes).toHaveLength(MOST_EDGES + 1)
  expect(drawable({ ...map, edges: edges.slice(0, 10) }).edges).toHaveLength(10)
})
