/** Senders may give one name to several types or units: those are different metrics, and are never mixed. */
import type { MetricEntry } from '@/api/types'

/** `histogram:s`: what an address says of a metric besides its name. */
export const kindKey = (entry: Pick<MetricEntry, 'type' | 'unit'>): string => `${entry.type}:${entry.unit}`

export function parseKind(kind: string | undefined): { type: string; unit: string } | undefined {
  const at = kind?.indexOf(':') ?? -1
  return kind && at > 0 ? { type: kind.slice(0, at), unit: kind.slice(at + 1) } : undefined
}

/** All of one name, and the one that is meant: where nobody says which, the one with the most points. */
export function metricOf(
  metrics: MetricEntry[],
  name: string | undefined,
  kind: string | undefined,
): { entry: MetricEntry | undefined; others: MetricEntry[] } {
  const named = metrics.filter((m) => m.name === name)
  const entry = kind
    ? named.find((m) => kindKey(m) === kind)
    : named.reduce<MetricEntry | undefined>((a, b) => (a && a.points >= b.points ? a : b), undefined)
  return { entry, others: named.filter((m) => m !== entry) }
}
