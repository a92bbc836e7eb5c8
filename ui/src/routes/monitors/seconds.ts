/** Lengths of time as people say them: `5 min`. Pure. */
const UNITS: [string, number][] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
]

/** The same words as the server's. */
export function spoken(seconds: number): string {
  const [unit, size] = UNITS.find(([, s]) => seconds >= s && seconds % s === 0) ?? ['s', 1]
  return `${seconds / size} ${unit}`
}

/** `90`, `90s`, `5 min`, `1.5 hours`; null for what is no length of time. */
export function parseSeconds(text: string): number | null {
  const said = /^(\d+(?:\.\d+)?)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)?$/i.exec(text.trim())
  if (!said) return null
  const unit = (said[2] ?? 's').toLowerCase()[0]!
  const size = UNITS.find(([name]) => name.startsWith(unit))![1]
  return Math.round(Number(said[1]) * size)
}
