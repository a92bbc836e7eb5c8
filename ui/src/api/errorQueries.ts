import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Scope } from './queries'
import type { ErrorAnswer, ErrorHistogram, ErrorReport } from './types'

export const errorsQuery = (scope: Scope, sort: string) =>
  infiniteQueryOptions({
    queryKey: ['/errors', scope, sort],
    queryFn: ({ pageParam, signal }) =>
      api.get<ErrorAnswer>('/errors', { ...scope, sort, limit: 100, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
    placeholderData: keepPreviousData,
  })

export const errorHistogramQuery = (scope: Scope, buckets: number) =>
  queryOptions({
    queryKey: ['/errors/histogram', scope, buckets],
    queryFn: ({ signal }) => api.get<ErrorHistogram>('/errors/histogram', { ...scope, buckets }, signal),
    placeholderData: keepPreviousData,
  })

export const errorQuery = (scope: Scope, fingerprint: string) =>
  queryOptions({
    queryKey: ['/errors/one', scope, fingerprint],
    queryFn: ({ signal }) =>
      api.get<ErrorReport>(`/errors/${encodeURIComponent(fingerprint)}`, { ...scope }, signal),
  })

/** The errors that a service has most of. */
export const serviceErrorsQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/errors/service', scope],
    queryFn: ({ signal }) => api.get<ErrorAnswer>('/errors', { ...scope, sort: '-count', limit: 5 }, signal),
    placeholderData: keepPreviousData,
  })

/** The errors that one trace tells of. */
export const traceErrorsQuery = (project: string, traceId: string) =>
  queryOptions({
    queryKey: ['/errors/trace', project, traceId],
    queryFn: ({ signal }) =>
      api.get<ErrorAnswer>('/errors', { project, from: 'all', q: `trace_id:${traceId}`, limit: 5 }, signal),
    staleTime: 30_000,
  })
