/** Points on a plane that is looked at through a window: where they are drawn, and which a drawn line holds. */

export interface View {
  /** What stands in the middle. */
  x: number
  y: number
  /** Pixels of one unit across. */
  scale: number
  /** So many times as many upwards. */
  tall: number
}
export interface Size {
  width: number
  height: number
}
export type Corner = readonly [number, number]

const MARGIN = 16
/** Where points lie along one axis nearly all, the other is drawn larger, up to so many times. */
const STRETCH = 4
const CLOSEST = 200
const CORNERS = 32

/** All points in sight. Both axes in the same scale, as distances are what the picture tells, unless it were a line. */
export function whole(x: readonly number[], y: readonly number[], size: Size): View {
  if (!x.length) return { x: 0, y: 0, scale: 1, tall: 1 }
  const [left, right] = ends(x)
  const [bottom, top] = ends(y)
  const across = Math.max(size.width - 2 * MARGIN, 10) / (right - left || 1)
  const up = Math.max(size.height - 2 * MARGIN, 10) / (top - bottom || 1)
  const tall = Math.min(Math.max(up / across, 1 / STRETCH), STRETCH)
  const scale = Math.min(across, up / tall)
  return { x: (left + right) / 2, y: (bottom + top) / 2, scale, tall }
}

function ends(values: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

export const toPixel = (view: View, size: Size, x: number, y: number): Corner => [
  size.width / 2 + (x - view.x) * view.scale,
  size.height / 2 - (y - view.y) * view.scale * view.tall,
]

export const fromPixel = (view: View, size: Size, px: number, py: number): Corner => [
  view.x + (px - size.width / 2) / view.scale,
  view.y - (py - size.height / 2) / (view.scale * view.tall),
]

/** Nearer or farther by `factor`; what is under the pixel stays there. `all` is the view of everything. */
export function zoomed(view: View, all: View, size: Size, px: number, py: number, factor: number): View {
  const scale = Math.min(Math.max(view.scale * factor, all.scale * 0.5), all.scale * CLOSEST)
  const [x, y] = fromPixel(view, size, px, py)
  const up = scale * view.tall
  return { ...view, x: x - (px - size.width / 2) / scale, y: y + (py - size.height / 2) / up, scale }
}

export const moved = (view: View, dx: number, dy: number): View => ({
  ...view,
  x: view.x - dx / view.scale,
  y: view.y + dy / (view.scale * view.tall),
})

/** Which points lie within the polygon, by the even-odd rule. */
export function within(polygon: readonly Corner[], x: readonly number[], y: readonly number[]): number[] {
  const [left, right] = ends(polygon.map((corner) => corner[0]))
  const [bottom, top] = ends(polygon.map((corner) => corner[1]))
  const found: number[] = []
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [x[i]!, y[i]!]
    if (px < left || px > right || py < bottom || py > top) continue
    let inside = false
    for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
      const [ax, ay] = polygon[a]!
      const [bx, by] = polygon[b]!
      if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) inside = !inside
    }
    if (inside) found.push(i)
  }
  return found
}

/** The point nearest to a pixel, at most `reach` pixels away; -1 where there is none. Of equals the last, drawn on top. */
export function nearest(
  view: View,
  size: Size,
  x: readonly number[],
  y: readonly number[],
  px: number,
  py: number,
  reach: number,
): number {
  let [best, at] = [reach * reach, -1]
  for (let i = 0; i < x.length; i++) {
    const [qx, qy] = toPixel(view, size, x[i]!, y[i]!)
    const away = (qx - px) ** 2 + (qy - py) ** 2
    if (away <= best) [best, at] = [away, i]
  }
  return at
}

/** As many corners as an address has room for: of those along the line, every so many-th. */
export function simplified(line: readonly Corner[]): Corner[] {
  const step = Math.max(1, Math.ceil(line.length / CORNERS))
  return line.filter((_, at) => at % step === 0)
}

export const areaText = (polygon: readonly Corner[]): string =>
  polygon.map(([x, y]) => `${Number(x.toPrecision(4))}_${Number(y.toPrecision(4))}`).join('~')

/** Null for what is no polygon. */
export function areaOf(text: string | undefined): Corner[] | null {
  if (!text) return null
  const corners = text.split('~').map((corner) => corner.split('_').map(Number) as [number, number])
  const fine =
    corners.length > 2 && corners.every((corner) => corner.length === 2 && corner.every(Number.isFinite))
  return fine && corners.length <= 2 * CORNERS ? corners : null
}
