/** One row per feature: what is known of it now, what was before, and what is wrong. */
import type { FeatureRecord, FeatureStatistics } from '@/api/qualityQueries'
import type { AnomalyReason, FeatureAnomalies, FeatureDistance } from '@/api/types'

export interface FeatureRow {
  name: string
  now: FeatureRecord | undefined
  then: FeatureRecord | undefined
  distance: number | null
  reasons: AnomalyReason[]
  /** As the server wants to be told which feature is accepted. */
  path: string
}

/** Features of the statistics in their order, then those that only the schema or the baseline has. */
export function rowsOf(
  now: FeatureStatistics | undefined,
  then: FeatureStatistics | undefined,
  distances: readonly FeatureDistance[],
  anomalies: readonly FeatureAnomalies[],
): FeatureRow[] {
  const [mine, others] = [byName(now), byName(then)]
  const far = new Map(distances.map((one) => [one.feature, one.distance]))
  const wrong = new Map(anomalies.map((one) => [one.path.join('.'), one]))
  return [...new Set([...mine.keys(), ...wrong.keys(), ...others.keys()])].map((name) => ({
    name,
    now: mine.get(name),
    then: others.get(name),
    distance: far.get(name) ?? null,
    reasons: wrong.get(name)?.reasons ?? [],
    path: wrong.get(name)?.feature ?? name,
  }))
}

const OF_EVERY_PREDICTION = new Set(['prediction', 'output_label', 'score', 'latency_ms'])

/** Without the columns that predictions have whether they are sent or not, where none was sent and nothing misses it. */
export const sent = (rows: readonly FeatureRow[]): FeatureRow[] =>
  rows.filter(
    (row) =>
      !OF_EVERY_PREDICTION.has(row.name) || row.now?.present || row.then?.present || row.reasons.length > 0,
  )

const byName = (of: FeatureStatistics | undefined) =>
  new Map((of?.features ?? []).map((one) => [one.feature, one]))

/** Share of the rows without a value. */
export const missing = (of: FeatureRecord | undefined): number | null =>
  of && of.present + of.missing > 0 ? of.missing / (of.present + of.missing) : null

/** Share of the values that are 0. */
export const zeros = (of: FeatureRecord | undefined): number | null =>
  of?.zeros !== undefined && of.value_count ? of.zeros / of.value_count : null

const BY: Record<string, (row: FeatureRow) => number | string> = {
  wrong: (row) => row.reasons.length + Math.max(row.distance ?? 0, 0) / 10,
  distance: (row) => row.distance ?? -1,
  missing: (row) => missing(row.now) ?? -1,
  name: (row) => row.name.toLowerCase(),
}

/** By `-wrong`, `-distance`, `-missing`, `name` or the other way round; equal ones stay in their order. */
export function sorted(rows: readonly FeatureRow[], sort: string, find: string): FeatureRow[] {
  const by = BY[sort.replace(/^-/, '')] ?? BY.wrong!
  const sign = sort.startsWith('-') ? -1 : 1
  const word = find.trim().toLowerCase()
  return rows
    .filter((row) => row.name.toLowerCase().includes(word))
    .toSorted((a, b) => {
      const [x, y] = [by(a), by(b)]
      return (x < y ? -1 : x > y ? 1 : 0) * sign
    })
}
