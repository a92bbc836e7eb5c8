/** Findings as a page names them, and where the rows behind one are. */
import type { AnomalyReason, Finding, Validation } from '@/api/types'
import { is, parseFilter, printFilter } from '@/kit/filter'
import { fromFirstToLast } from '@/kit/time'

/** As one word of an address. */
export const findingKey = (of: Finding): string =>
  [of.subject, of.version, of.detector, of.feature, of.type].map(encodeURIComponent).join(':')

/** Those of a model, in one version or in all. */
export const filterOf = (model: string, version: string): string =>
  printFilter([...(model ? [is('model', model)] : []), ...(version ? [is('version', version)] : [])])

/** The time in which its rows lie, the last one within it. */
export const timeOf = (of: Finding) => fromFirstToLast(of.first_seen, of.last_seen)

/** The filter without the model, whose page it is for. */
export const rowsQ = (of: Finding): string =>
  printFilter(parseFilter(of.rows_filter).filter((term) => term.key !== 'model'))

/** A validation with what was found in predictions as they came, and it does not say: drift and skew. */
export function withFindings(of: Validation, findings: readonly Finding[]): Validation {
  const more = findings.filter((one) => one.current && one.detector !== 'schema')
  if (!more.length) return of
  const several = new Set(more.map((one) => one.version)).size > 1
  const anomalies = new Map(of.anomalies.map((one) => [one.path.join('.'), one]))
  for (const one of more) {
    const known = anomalies.get(one.feature)
    const reason: AnomalyReason = {
      type: one.type,
      severity: one.severity as AnomalyReason['severity'],
      short: one.short,
      description: several ? `Version ${one.version || 'none given'}: ${one.evidence}` : one.evidence,
      values: one.offending,
      next_step: one.next_step,
      acceptable: one.acceptable,
    }
    anomalies.set(one.feature, {
      feature: known?.feature ?? one.feature,
      path: known?.path ?? [one.feature],
      severity: known?.severity ?? reason.severity,
      reasons: [...(known?.reasons ?? []), reason],
    })
  }
  const errors = more.some((one) => one.severity === 'ERROR')
  return { ...of, passed: of.passed && !errors, anomalies: [...anomalies.values()] }
}
