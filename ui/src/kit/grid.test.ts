import { expect, test } from 'vitest'
import type { DashboardPanel } from '@/api/types'
import { free, inOrder, moved, newId, pack, sized } from './grid'

const panel = (id: string, x: number, y: number, w: number, h: number): DashboardPanel => ({
  id,
  title: id,
  query: { kind: 'logs' },
  x,
  y,
  w,
  h,
})
const shown = (panels: DashboardPanel[]) =>
  Object.fromEntries(panels.map((p) => [p.id, [p.x, p.y, p.w, p.h]]))
const four = [panel('a', 0, 0, 6, 8), panel('b', 6, 0, 6, 8), panel('c', 0, 8, 6, 8), panel('d', 6, 8, 6, 8)]

test('a gap closes, and what lies on another goes below it', () => {
  expect(shown(pack([panel('a', 0, 5, 6, 2), panel('b', 3, 6, 6, 2)]))).toEqual({
    a: [0, 0, 6, 2],
    b: [3, 2, 6, 2],
  })
})

test('a panel changes places with its neighbour, in every direction', () => {
  const at = (step: 'left' | 'right' | 'up' | 'down', id: string) => shown(moved(four, id, step))[id]
  expect(at('right', 'a')).toEqual([6, 0, 6, 8])
  expect(at('left', 'b')).toEqual([0, 0, 6, 8])
  expect(at('down', 'a')).toEqual([0, 8, 6, 8])
  expect(at('up', 'd')).toEqual([6, 0, 6, 8])
  expect(inOrder(moved(four, 'a', 'down')).map((p) => p.id)).toEqual(['c', 'b', 'a', 'd'])
})

test('at the edge nothing moves', () => {
  for (const [id, step] of [
    ['a', 'up'],
    ['a', 'left'],
    ['d', 'down'],
    ['d', 'right'],
  ] as const) {
    expect(shown(moved(four, id, step))).toEqual(shown(four))
  }
})

test('into free space a panel goes by one column', () => {
  expect(shown(moved([panel('a', 0, 0, 4, 4)], 'a', 'right')).a).toEqual([1, 0, 4, 4])
})

test('a wider panel pushes down what is in its way and stays on the grid', () => {
  const wide = shown(sized(four, 'a', 2, 0))
  expect(wide.a).toEqual([0, 0, 8, 8])
  expect(wide.b).toEqual([6, 8, 6, 8])
  expect(shown(sized(four, 'b', 99, 99)).b).toEqual([0, 8, 12, 40])
  expect(shown(sized(four, 'b', -99, -99)).b).toEqual([6, 0, 2, 3])
})

test('no two panels ever lie on each other', () => {
  let panels = four
  const steps = ['right', 'down', 'left', 'up'] as const
  for (let i = 0; i < 200; i++) {
    const id = 'abcd'[i % 4]!
    panels = i % 3 ? moved(panels, id, steps[(i * 7) % 4]!) : sized(panels, id, (i % 5) - 2, (i % 7) - 3)
    for (const p of panels) {
      expect(p.x + p.w).toBeLessThanOrEqual(12)
      for (const q of panels)
        if (p !== q)
          expect(p.x >= q.x + q.w || q.x >= p.x + p.w || p.y >= q.y + q.h || q.y >= p.y + p.h).toBe(true)
    }
  }
})

test('a new panel goes beside the last where there is room, else below, under an id of its own', () => {
  expect(free([], 6, 8)).toEqual({ x: 0, y: 0, w: 6, h: 8 })
  expect(free(four.slice(0, 3), 6, 8)).toEqual({ x: 6, y: 8, w: 6, h: 8 })
  expect(free(four, 6, 8)).toEqual({ x: 0, y: 16, w: 6, h: 8 })
  expect(newId([panel('panel-2', 0, 0, 1, 1)])).toBe('panel-3')
})
