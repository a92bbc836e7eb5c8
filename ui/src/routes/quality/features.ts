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

/** What to do about an anomaly, by its type; and whether the schema can take it in. */
export function nextStep(type: string): { text: string; acceptable: boolean } {
  if (type === 'SCHEMA_NEW_COLUMN')
    return {
      text: 'If it is meant to be there, accept it: the schema then describes it. If not, stop sending it: a model that was not trained on it cannot use it.',
      acceptable: true,
    }
  if (/MISSING_COLUMN|NOT_PRESENT|LOW_FRACTION_PRESENT|LOW_NUMBER_PRESENT|NO_VALUES/.test(type))
    return {
      text: 'Look at the job or the sender that fills it: rows come without a value. If that is right from now on, accept it: the schema then lets it be missing.',
      acceptable: true,
    }
  if (/ENUM_|UNEXPECTED_STRING/.test(type))
    return {
      text: 'If these values are right, accept them: the domain then has them. If they are misspelt or from another source, mend that before a model sees them.',
      acceptable: true,
    }
  if (/BIG_|SMALL_|HAS_NAN|HAS_INF/.test(type))
    return {
      text: 'Look for another unit, a default such as −1 or 9999, or a division by zero. If the values are right, accept them: the bounds then hold them.',
      acceptable: true,
    }
  if (/^COMPARATOR_/.test(type))
    return {
      text: 'Compare both distributions below. If the world changed, train again on newer data; if the threshold is too strict, raise it in the schema by hand.',
      acceptable: false,
    }
  if (/DATA_TYPE|_NOT_|STRING_TYPE_NOW|EXPECTED|UNKNOWN_TYPE/.test(type))
    return {
      text: 'Look at what reads or converts it: values are of another type than was described. Accept only if the model reads the new type.',
      acceptable: true,
    }
  if (/NUM_EXAMPLES|NO_DATA/.test(type))
    return { text: 'Look whether the job that writes the data ran to its end, or twice.', acceptable: false }
  return {
    text: 'Compare the data with what the schema says of it. If the data are right, accept them, or change the schema by hand.',
    acceptable: true,
  }
}
