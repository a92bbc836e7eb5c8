/** Which spans of a trace are internals of an agent or framework that nobody asked to see. */
import type { SpanTree } from './tree'

/** Fewer than this are no noise. */
const FEW = 30

/**
 * Spans that only do something inside: internal, of no known kind, without error, ended, and with nothing else below
 * them. Only of traces in which a model, agent or tool took part: elsewhere internal spans are the work itself.
 */
export function noiseOf(tree: SpanTree): ReadonlySet<number> {
  const c = tree.columns
  if (!c.kind.some((kind) => kind === 'llm' || kind === 'agent')) return new Set()
  const quiet = new Uint8Array(tree.count)
  for (let r = tree.count - 1; r >= 0; r--) {
    const i = tree.order[r]!
    let all =
      c.kind[i] === 'span' &&
      c.span_kind[i] === 'internal' &&
      c.duration_ns[i] !== null &&
      tree.errors[i] === 0
    for (let child = tree.firstChild[i]!; all && child >= 0; child = tree.nextSibling[child]!)
      all = quiet[child] === 1
    quiet[i] = all ? 1 : 0
  }
  const noise = new Set<number>()
  for (let i = 0; i < tree.count; i++) if (quiet[i]) noise.add(i)
  return noise.size >= FEW ? noise : new Set()
}

/** Rows without noise. */
export const withoutNoise = (rows: Int32Array, noise: ReadonlySet<number>): Int32Array =>
  noise.size ? rows.filter((span) => !noise.has(span)) : rows

/** How many spans are folded below each span that is shown. */
export function foldedBelow(tree: SpanTree, noise: ReadonlySet<number>): ReadonlyMap<number, number> {
  const below = new Map<number, number>()
  for (const span of noise) {
    const parent = tree.parent[span]!
    if (parent >= 0 && !noise.has(parent)) below.set(parent, (below.get(parent) ?? 0) + tree.size[span]!)
  }
  return below
}
