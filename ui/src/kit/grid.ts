/** Panels on twelve columns: moved, sized, and packed upwards so that none lies on another. Pure. */
import type { DashboardPanel } from '@/api/types'

export const COLUMNS = 12
export const ROW_PX = 32
export const GAP_PX = 8
const MOST_ROWS = 40

type Box = Pick<DashboardPanel, 'x' | 'y' | 'w' | 'h'>
export type Step = 'left' | 'right' | 'up' | 'down'

const besides = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w
const level = (a: Box, b: Box) => a.y < b.y + b.h && b.y < a.y + a.h
const overlap = (a: Box, b: Box) => besides(a, b) && level(a, b)

export const inOrder = (panels: readonly DashboardPanel[]): DashboardPanel[] =>
  panels.toSorted((a, b) => a.y - b.y || a.x - b.x)

/** Every panel as far up as it goes, in the order of the page. */
export function pack(panels: readonly DashboardPanel[]): DashboardPanel[] {
  const placed: DashboardPanel[] = []
  for (const panel of inOrder(panels)) {
    let y = 0
    for (;;) {
      const hit = placed.find((other) => overlap({ ...panel, y }, other))
      if (!hit) break
      y = hit.y + hit.h
    }
    placed.push({ ...panel, y })
  }
  return placed
}

const replaced = (panels: readonly DashboardPanel[], ...changed: DashboardPanel[]) =>
  panels.map((panel) => changed.find((c) => c.id === panel.id) ?? panel)

/** One step of a panel; it changes places with a neighbour that is in the way. */
export function moved(panels: readonly DashboardPanel[], id: string, step: Step): DashboardPanel[] {
  const me = panels.find((panel) => panel.id === id)
  if (!me) return [...panels]
  const others = panels.filter((panel) => panel.id !== id)
  if (step === 'up' || step === 'down') {
    const column = others.filter((other) => besides(me, other))
    const next =
      step === 'up'
        ? column.filter((o) => o.y + o.h <= me.y).sort((a, b) => b.y + b.h - a.y - a.h)[0]
        : column.filter((o) => o.y >= me.y + me.h).sort((a, b) => a.y - b.y)[0]
    if (!next) return [...panels]
    // Half a row before the one above, or behind the one below: packing makes room.
    const y = step === 'up' ? next.y - 0.5 : next.y + next.h - 0.5
    return pack(replaced(panels, { ...me, y }))
  }
  const row = others.filter((other) => level(me, other))
  const next =
    step === 'left'
      ? row.filter((o) => o.x + o.w <= me.x).sort((a, b) => b.x + b.w - a.x - a.w)[0]
      : row.filter((o) => o.x >= me.x + me.w).sort((a, b) => a.x - b.x)[0]
  const touches = next && (step === 'left' ? next.x + next.w === me.x : next.x === me.x + me.w)
  if (next && touches) {
    const start = Math.min(me.x, next.x)
    return pack(
      step === 'left'
        ? replaced(panels, { ...me, x: start }, { ...next, x: start + me.w })
        : replaced(panels, { ...next, x: start }, { ...me, x: start + next.w }),
    )
  }
  const x = Math.min(Math.max(me.x + (step === 'left' ? -1 : 1), 0), COLUMNS - me.w)
  return pack(replaced(panels, { ...me, x }))
}

/** Wider or narrower by columns, taller or shorter by rows. What is in the way goes down. */
export function sized(
  panels: readonly DashboardPanel[],
  id: string,
  columns: number,
  rows: number,
): DashboardPanel[] {
  const me = panels.find((panel) => panel.id === id)
  if (!me) return [...panels]
  const w = Math.min(Math.max(me.w + columns, 2), COLUMNS)
  const h = Math.min(Math.max(me.h + rows, 3), MOST_ROWS)
  return pack(replaced(panels, { ...me, w, h, x: Math.min(me.x, COLUMNS - w) }))
}

/** Where a new panel of this size goes: the first place that is free at the end. */
export function free(panels: readonly DashboardPanel[], w: number, h: number): Box {
  const last = inOrder(panels).at(-1)
  if (last && last.x + last.w + w <= COLUMNS) {
    const beside = { x: last.x + last.w, y: last.y, w, h }
    if (!panels.some((panel) => overlap(panel, beside))) return beside
  }
  return { x: 0, y: Math.max(0, ...panels.map((panel) => panel.y + panel.h)), w, h }
}

/** An id that no panel has yet. */
export function newId(panels: readonly DashboardPanel[]): string {
  const taken = new Set(panels.map((panel) => panel.id))
  let n = panels.length + 1
  while (taken.has(`panel-${n}`)) n++
  return `panel-${n}`
}
