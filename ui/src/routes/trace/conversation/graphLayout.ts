/** Where the nodes of an agent graph stand (dagre): from who calls to what is called. */
import { Graph, layout } from '@dagrejs/dagre'
import type { AgentGraph, GraphNode } from '@/api/types'

export const BOX = { width: 196, height: 64 }
const COUNT = { width: 28, height: 18, labelpos: 'c' }
type Edge = AgentGraph['edges'][number]

export interface Laid {
  width: number
  height: number
  nodes: { node: GraphNode; x: number; y: number }[]
  edges: { edge: Edge; points: { x: number; y: number }[] }[]
}

/** Edges that would say twice what a picture has room to say once are the least used. */
export const MOST_EDGES = 200

/** From left to right, or from top to bottom where that fits the width and the other does not. */
export function layWithin(graph: AgentGraph, width: number): Laid {
  const across = lay(graph, false)
  if (!width || (across.width <= width && width >= NARROW)) return across
  const down = lay(graph, true)
  return width < NARROW || down.width < across.width ? down : across
}

/** As wide as a phone: a picture from left to right would be two boxes of it. */
const NARROW = 700

function lay(graph: AgentGraph, down: boolean): Laid {
  const g = new Graph({ multigraph: true })
  g.setGraph({ rankdir: down ? 'TB' : 'LR', nodesep: 26, ranksep: down ? 54 : 92, marginx: 16, marginy: 16 })
  g.setDefaultEdgeLabel(() => ({}))
  for (const node of graph.nodes) g.setNode(node.id, { ...BOX })
  const edges = [...graph.edges].sort((a, b) => b.count - a.count).slice(0, MOST_EDGES)
  // A line with room for its count: else one that goes around a box leaves the picture.
  edges.forEach((edge, i) => g.setEdge(edge.source, edge.target, { ...COUNT }, String(i)))
  layout(g)
  const size = g.graph() as { width?: number; height?: number }
  return {
    width: Math.ceil(size.width ?? 0),
    height: Math.ceil(size.height ?? 0),
    nodes: graph.nodes.map((node) => {
      const { x, y } = g.node(node.id) as { x: number; y: number }
      return { node, x, y }
    }),
    edges: edges.map((edge, i) => ({
      edge,
      points: (g.edge(edge.source, edge.target, String(i)) as { points: { x: number; y: number }[] }).points,
    })),
  }
}
