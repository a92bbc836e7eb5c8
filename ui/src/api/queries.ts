/** What pages may ask, as query options for `useQuery` and `useInfiniteQuery`. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type GetRoute } from './client'
import type {
  FacetAnswer,
  Info,
  LogRow,
  Outside,
  Rows,
  SpanDetail,
  SpanHeatmap,
  SpanHistogram,
  SpanRow,
  SqlSchema,
  TraceResources,
  TraceRow,
} from './types'

/** Everything that narrows an explorer: the same on every page and in every URL. */
export interface Scope {
  project: string
  from: string
  to: string
  q: string
}

export const infoQuery = queryOptions({
  queryKey: ['info'],
  queryFn: ({ signal }) => api.get<Info>('/info', undefined, signal),
  staleTime: 60_000,
})

function pageOf<T>(path: GetRoute, scope: Scope, sort: string, enabled: boolean, limit = 100) {
  return infiniteQueryOptions({
    queryKey: [path, scope, sort],
    queryFn: ({ pageParam, signal }) =>
      api.get<Rows<T>>(path, { ...scope, sort, limit, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
    placeholderData: keepPreviousData,
    enabled,
  })
}

export const tracesQuery = (scope: Scope, sort: string, enabled = true) =>
  pageOf<TraceRow>('/traces', scope, sort, enabled)
export const spansQuery = (scope: Scope, sort: string, enabled = true) =>
  pageOf<SpanRow>('/spans', scope, sort, enabled)
export const logsQuery = (scope: Scope, sort: string, enabled = true) =>
  pageOf<LogRow>('/logs', scope, sort, enabled)

export const spanHistogramQuery = (scope: Scope, buckets = 60) =>
  queryOptions({
    queryKey: ['/spans/histogram', scope, buckets],
    queryFn: ({ signal }) => api.get<SpanHistogram>('/spans/histogram', { ...scope, buckets }, signal),
    placeholderData: keepPreviousData,
  })

export const spanHeatmapQuery = (scope: Scope, x: number, y: number) =>
  queryOptions({
    queryKey: ['/spans/heatmap', scope, x, y],
    queryFn: ({ signal }) => api.get<SpanHeatmap>('/spans/heatmap', { ...scope, x, y }, signal),
    placeholderData: keepPreviousData,
  })

/** What a wrong clock put outside of the range. */
export const outsideQuery = (
  signal_: 'spans' | 'logs' | 'metrics' | 'errors' | 'evaluations' | 'predictions' | 'findings',
  scope: Scope,
) =>
  queryOptions({
    queryKey: ['/outside', signal_, scope],
    queryFn: ({ signal }) => api.get<Outside>('/outside', { ...scope, signal: signal_ }, signal),
    staleTime: 10_000,
  })

/** Facets of spans, logs, metric points or errors; `keys` empty means the server's choice. */
export const facetsQuery = (
  signal_: 'spans' | 'logs' | 'metrics' | 'errors' | 'evaluations' | 'predictions' | 'findings',
  scope: Scope,
  keys = '',
  limit = 10,
) =>
  queryOptions({
    queryKey: [`/${signal_}/facets`, scope, keys, limit],
    queryFn: ({ signal }) => api.get<FacetAnswer>(`/${signal_}/facets`, { ...scope, keys, limit }, signal),
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })

export const spanQuery = (project: string, traceId: string, spanId: string) =>
  queryOptions({
    queryKey: ['span', project, traceId, spanId],
    queryFn: ({ signal }) => api.get<SpanDetail>(`/traces/${traceId}/spans/${spanId}`, { project }, signal),
    staleTime: 60_000,
  })

export const traceLogsQuery = (project: string, traceId: string) =>
  queryOptions({
    queryKey: ['trace-logs', project, traceId],
    queryFn: ({ signal }) =>
      api.get<Rows<LogRow>>(`/traces/${traceId}/logs`, { project, limit: 1000 }, signal),
  })

/** Of a trace, or of one of its spans. */
export const traceResourcesQuery = (project: string, traceId: string, span?: string) =>
  queryOptions({
    queryKey: ['trace-resources', project, traceId, span],
    queryFn: ({ signal }) =>
      api.get<TraceResources>(`/traces/${traceId}/resources`, { project, span }, signal),
  })

export const sqlSchemaQuery = queryOptions({
  queryKey: ['sql-schema'],
  queryFn: ({ signal }) => api.get<SqlSchema>('/sql/schema', undefined, signal),
  staleTime: 300_000,
})
