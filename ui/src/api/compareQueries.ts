import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { PairComparison, TraceComparison, TracePeers } from './types'

export const comparisonQuery = (project: string, a: string, b: string) =>
  queryOptions({
    queryKey: ['comparison', project, a, b],
    queryFn: ({ signal }) => api.get<TraceComparison>('/traces/compare', { project, a, b }, signal),
    enabled: a !== '' && b !== '',
    staleTime: 60_000,
    // A hundred thousand rows: comparing them field by field would cost more than drawing them.
    structuralSharing: false,
  })

export interface PairOfSpans {
  a: string
  b: string
  /** Empty where the row has no span on that side. */
  span_a: string
  span_b: string
}

export const pairQuery = (project: string, pair: PairOfSpans) =>
  queryOptions({
    queryKey: ['comparison-pair', project, pair],
    queryFn: ({ signal }) => api.get<PairComparison>('/traces/compare/spans', { project, ...pair }, signal),
    staleTime: 60_000,
  })

export const peersQuery = (project: string, traceId: string, enabled = true) =>
  queryOptions({
    queryKey: ['trace-peers', project, traceId],
    queryFn: ({ signal }) => api.get<TracePeers>(`/traces/${traceId}/peers`, { project }, signal),
    enabled: enabled && traceId !== '',
    staleTime: 30_000,
  })
