/** Where the nodes of a service map stand: layers from who asks to who is asked (dagre). */
import { Graph, layout } from '@dagrejs/dagre'
import type { ServiceMap } from '@/api/types'

export const NODE = { width: 176, height: 46 }
/** Rate and failures on a line: with room of their own, no box covers them. */
const SAID = { width: 78, height: 18, labelpos: 'c' }

export interface PlacedNode {
  node: ServiceMap['nodes'][number]
  x: number
  y: number
}
export interface PlacedEdge {
  edge: ServiceMap['edges'][number]
  points: { x: number; y: number }[]
}
export interface Placed {
  width: number
  height: number
  nodes: PlacedNode[]
  edges: PlacedEdge[]
}

/** More lines than this nobody can follow, and laying them out holds up the page. */
export const MOST_EDGES = 150

/** What a picture has room for: edges that fail, then the busiest, with the nodes at their ends. */
export function drawable(map: ServiceMap): ServiceMap {
  if (map.edges.length <= MOST_EDGES) return map
  const edges = [...map.edges]
    .sort((a, b) => Number(fails(b)) - Number(fails(a)) || b.requests - a.requests)
    .slice(0, MOST_EDGES)
  const ends = new Set(edges.flatMap((edge) => [edge.source, edge.target]))
  return {
    ...map,
    edges,
    nodes: map.nodes.filter((node) => ends.has(node.id) || fails(node)),
    truncated: true,
  }
}

/** Red in the picture: more than one request in a hundred fails. */
export const fails = (of: { error_rate: number }): boolean => of.error_rate > 0.01

/** Left to right; `down` for a narrow screen. */
export function place(map: ServiceMap, down = false): Placed {
  const graph = new Graph()
  graph.setGraph({
    rankdir: down ? 'TB' : 'LR',
    nodesep: down ? 24 : 18,
    // With the room for a line's numbers, five layers fit a laptop.
    ranksep: down ? 28 : 12,
    marginx: 12,
    marginy: 12,
  })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const node of map.nodes) graph.setNode(node.id, { ...NODE })
  for (const edge of map.edges) graph.setEdge(edge.source, edge.target, { ...SAID })
  layout(graph)
  const size = graph.graph() as { width?: number; height?: number }
  return {
    width: Math.ceil(size.width ?? 0),
    height: Math.ceil(size.height ?? 0),
    nodes: map.nodes.map((node) => {
      const { x, y } = graph.node(node.id) as { x: number; y: number }
      return { node, x, y }
    }),
    edges: map.edges.map((edge) => ({
      edge,
      points: (graph.edge(edge.source, edge.target) as { points: PlacedEdge['points'] }).points,
    })),
  }
}

/** Smooth through the points that the layout gives. */
export function pathOf(points: PlacedEdge['points']): string {
  const [first, ...rest] = points
  if (!first) return ''
  let path = `M${first.x},${first.y}`
  for (let i = 0; i < rest.length; i++) {
    const at = rest[i]!
    const next = rest[i + 1]
    path += next ? `Q${at.x},${at.y} ${(at.x + next.x) / 2},${(at.y + next.y) / 2}` : `L${at.x},${at.y}`
  }
  return path
}
