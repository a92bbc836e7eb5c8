/** Where a panel's question can be looked into further. Pure. */
import type { SavedQuery } from '@/api/types'
import { parseFilter, printFilter } from './filter'
import { joinKeys } from './groups'
import { filled, written, type Chosen } from './variables'

export interface Elsewhere {
  label: string
  to:
    | '/metrics-explorer'
    | '/traces'
    | '/logs'
    | '/errors'
    | '/evaluations'
    | '/models'
    | '/models/one'
    | '/data-quality'
    | '/sql'
  search: Record<string, string | undefined>
}

export interface Where {
  project: string
  from: string
  to: string
}

export function openIn(query: SavedQuery, chosen: Chosen, where: Where): Elsewhere {
  const common = { project: where.project, from: where.from, to: where.to === 'now' ? undefined : where.to }
  if (query.kind === 'sql') {
    const sql = written(query.query, chosen, where.from, where.to)
    return { label: 'Open in SQL', to: '/sql', search: { project: where.project, sql } }
  }
  const q = filled(query.q ?? '', chosen) || undefined
  if (query.kind === 'logs') return { label: 'Open in Logs', to: '/logs', search: { ...common, q } }
  if (query.kind === 'errors') return { label: 'Open in Errors', to: '/errors', search: { ...common, q } }
  if (query.kind === 'evaluations') {
    return { label: 'Open in Evaluations', to: '/evaluations', search: { ...common, q } }
  }
  if (query.kind === 'predictions' || query.kind === 'findings') {
    const terms = parseFilter(q ?? '')
    const of = terms.find((term) => term.key === 'model' && term.op === 'is' && !term.negated)?.values
    const model = of?.length === 1 ? of[0] : undefined
    if (query.kind === 'findings') {
      const feature = terms.find(
        (term) => term.key === 'feature' && term.op === 'is' && !term.negated,
      )?.values
      const one = { model, view: 'findings', find: feature?.length === 1 ? feature[0] : undefined }
      return { label: 'Open in Data quality', to: '/data-quality', search: { ...common, ...one } }
    }
    if (!model) return { label: 'Open in Models', to: '/models', search: { ...common, q } }
    const rest = printFilter(terms.filter((term) => term.key !== 'model')) || undefined
    const rows = { q: rest, name: model, view: 'predictions' }
    return { label: 'Open in Models', to: '/models/one', search: { ...common, ...rows } }
  }
  if (query.kind === 'spans') {
    // Of durations the longest are what one looks for.
    const sort = query.measure?.endsWith('_ms') ? '-duration_ms' : undefined
    return { label: 'Open in Traces', to: '/traces', search: { ...common, q, view: 'spans', sort } }
  }
  return {
    label: 'Open in Metrics',
    to: '/metrics-explorer',
    search: {
      ...common,
      q,
      name: query.name,
      kind: query.type != null && query.unit != null ? `${query.type}:${query.unit}` : undefined,
      agg: query.aggregation,
      quantile: query.aggregation === 'quantile' ? String(query.quantile ?? 0.95) : undefined,
      by: joinKeys(query.group_by ?? []) || undefined,
    },
  }
}
