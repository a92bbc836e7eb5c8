import { readPref, writePref } from './prefs'

/** Colours of data. The same name has the same colour on every page. */

const CATEGORIES = 8

function hashIndex(name: string): number {
  let hash = 2166136261
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619)
  return ((hash ^ (hash >>> 15)) >>> 0) % CATEGORIES
}

/** The name's own hue, or the next that `taken` leaves free. */
function settle(name: string, taken: ReadonlySet<number>): number {
  const first = hashIndex(name)
  for (let k = 0; k < CATEGORIES; k++)
    if (!taken.has((first + k) % CATEGORIES)) return (first + k) % CATEGORIES
  return first
}

const services = new Map<string, number>()
let remembered = false
/** Few services share a screen: the first eight seen on this device get hues of their own, and keep them. */
function serviceIndex(name: string): number {
  if (!remembered) {
    remembered = true
    for (const pair of readPref('service-hues', '').split('\n')) {
      const at = pair.lastIndexOf('=')
      if (at > 0) services.set(pair.slice(0, at), Number(pair.slice(at + 1)) % CATEGORIES)
    }
  }
  const known = services.get(name)
  if (known !== undefined) return known
  const index = settle(name, new Set(services.values()))
  services.set(name, index)
  if (services.size <= CATEGORIES && !name.includes('\n')) {
    const text = [...services].map(([service, hue]) => `${service}=${hue}`).join('\n')
    // Not while a component renders: writing tells every reader of preferences.
    queueMicrotask(() => writePref('service-hues', text))
  }
  return index
}

export const categoryIndex = hashIndex

/** For CSS; canvases resolve it with `resolveColour`. */
export const category = (name: string): string => `var(--cat-${hashIndex(name)})`
export const serviceColour = (name: string): string => `var(--cat-${serviceIndex(name)})`

/** Colours for the series of one chart: each its own as long as there are enough, the same in whatever order they come. */
export function distinct(names: readonly string[]): Map<string, string> {
  const taken = new Set<number>()
  const colours = new Map<string, string>()
  for (const name of names.toSorted()) {
    if (colours.has(name)) continue
    const index = settle(name, taken)
    taken.add(index)
    colours.set(name, `var(--cat-${index})`)
  }
  return colours
}

/** Colours for the lines of one chart by their labels: those of services are the services' own. */
export function seriesColours(
  series: readonly { labels: Record<string, string> }[],
  names: readonly string[],
): Map<string, string> {
  const services = series.every(({ labels }) => Object.keys(labels).join() === 'service')
  return services ? new Map(names.map((name) => [name, serviceColour(name)])) : distinct(names)
}

const KIND_HUE: Record<string, number> = {
  llm: 0,
  agent: 7,
  tool: 2,
  retriever: 1,
  embedding: 4,
  reranker: 4,
  guardrail: 5,
  evaluator: 3,
  chain: 6,
  workflow: 6,
  prompt: 3,
  memory: 1,
  task: 6,
}

/** Hue of a span's kind; a plain span takes the colour of its service. */
export function spanColour(kind: string, service: string): string {
  const hue = KIND_HUE[kind]
  return hue === undefined ? serviceColour(service) : `var(--cat-${hue})`
}

let probe: CSSStyleDeclaration | null = null
/** The value that a `var(--x)` has now, for canvas and uPlot. */
export function resolveColour(colour: string): string {
  const name = /^var\((--[\w-]+)\)$/.exec(colour)?.[1]
  if (!name) return colour
  probe ??= getComputedStyle(document.documentElement)
  return probe.getPropertyValue(name).trim() || '#888'
}

/** Viridis, dark to bright, at `t` in 0…1. */
const VIRIDIS = [
  [68, 1, 84],
  [70, 50, 127],
  [54, 92, 141],
  [39, 127, 142],
  [31, 161, 135],
  [74, 194, 109],
  [159, 218, 58],
  [253, 231, 37],
] as const

export function viridis(t: number): string {
  const x = Math.min(Math.max(t, 0), 1) * (VIRIDIS.length - 1)
  const i = Math.min(Math.floor(x), VIRIDIS.length - 2)
  const [a, b] = [VIRIDIS[i]!, VIRIDIS[i + 1]!]
  const f = x - i
  const mix = (k: 0 | 1 | 2) => Math.round(a[k] + (b[k] - a[k]) * f)
  return `rgb(${mix(0)} ${mix(1)} ${mix(2)})`
}
