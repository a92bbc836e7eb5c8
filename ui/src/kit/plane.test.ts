import { describe, expect, it } from 'vitest'
import {
  areaOf,
  areaText,
  fromPixel,
  moved,
  nearest,
  simplified,
  toPixel,
  whole,
  within,
  zoomed,
} from './plane'

const SIZE = { width: 400, height: 200 }
const X = [0, 10, 5, 5]
const Y = [0, 10, 5, 9]

describe('a plane', () => {
  it('shows every point at first', () => {
    const view = whole(X, Y, SIZE)
    for (const [i, x] of X.entries()) {
      const [px, py] = toPixel(view, SIZE, x, Y[i]!)
      expect(px >= 0 && px <= 400 && py >= 0 && py <= 200).toBe(true)
    }
    expect(toPixel(view, SIZE, 5, 5)).toEqual([200, 100])
    expect(whole([], [], SIZE).scale).toBe(1)
    // A line is drawn taller, and stays in sight.
    const line = whole([0, 100], [0, 1], SIZE)
    expect(line.tall).toBe(4)
    expect(toPixel(line, SIZE, 100, 1)[0]).toBeCloseTo(384)
    expect(Number.isFinite(whole([3, 3], [4, 4], SIZE).scale)).toBe(true)
  })
  it('keeps what is under the pointer while it comes nearer, and ends somewhere', () => {
    const all = whole(X, Y, SIZE)
    const near = zoomed(all, all, SIZE, 310, 40, 2)
    const [before, after] = [fromPixel(all, SIZE, 310, 40), fromPixel(near, SIZE, 310, 40)]
    expect(after[0]).toBeCloseTo(before[0])
    expect(after[1]).toBeCloseTo(before[1])
    expect(zoomed(near, all, SIZE, 0, 0, 1e9).scale).toBe(all.scale * 200)
    expect(toPixel(moved(all, 30, -20), SIZE, 5, 5)).toEqual([230, 80])
  })
  it('finds the nearest point, and none far away', () => {
    const view = whole(X, Y, SIZE)
    const [px, py] = toPixel(view, SIZE, 5, 9)
    expect(nearest(view, SIZE, X, Y, px + 3, py, 8)).toBe(3)
    expect(nearest(view, SIZE, X, Y, 5, 5, 8)).toBe(-1)
  })
})

describe('a lasso', () => {
  it('holds what lies within, also where it bends in', () => {
    expect(
      within(
        [
          [-1, -1],
          [6, -1],
          [6, 6],
          [-1, 6],
        ],
        X,
        Y,
      ),
    ).toEqual([0, 2])
    // An arrowhead: the middle is outside of its notch.
    expect(
      within(
        [
          [0, -5],
          [5, 5.5],
          [10, -5],
          [5, 20],
        ],
        X,
        Y,
      ),
    ).toEqual([3])
  })
  it('goes into an address and comes out of it', () => {
    const line = Array.from({ length: 500 }, (_, i) => [Math.cos(i / 80), Math.sin(i / 80)] as const)
    const kept = areaOf(areaText(simplified(line)))!
    expect(kept.length).toBeLessThanOrEqual(32)
    expect(kept[0]).toEqual([1, 0])
    expect(within(kept, [0, 2], [0, 0])).toEqual([0])
    for (const wrong of [undefined, '', '1_2', '1_2~3_4~x_1', '1_2~3_4~5']) expect(areaOf(wrong)).toBeNull()
  })
})
