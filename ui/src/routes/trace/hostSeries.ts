/** Puts one sender's points onto the times of several, which do not measure at the same moments. */
export function onto(times: number[], points: [number, number][]): (number | null | undefined)[] {
  const steps = points.slice(1).map(([t], i) => t - points[i]![0])
  const usual = steps.toSorted((a, b) => a - b)[steps.length >> 1] ?? 0
  const at = new Map(points)
  let next = 0
  return times.map((t) => {
    while (next < points.length && points[next]![0] < t) next++
    const value = at.get(t)
    if (value !== undefined) return value
    const [before, after] = [points[next - 1], points[next]]
    // Between two of its own points it has nothing to say, unless they lie too far apart: then it was silent.
    return before && after && after[0] - before[0] <= usual * 2.5 ? undefined : null
  })
}
