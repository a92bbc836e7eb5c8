/** Models in production: which there are, one of them, its predictions. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Scope } from './queries'
import type { ModelDetail, ModelPage, PredictionAnswer, PredictionDetail, TracePredictions } from './types'

export const modelsQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/models', scope],
    queryFn: ({ signal }) => api.get<ModelPage>('/models', { ...scope }, signal),
    placeholderData: keepPreviousData,
  })

export const modelQuery = (scope: Scope, model: string) =>
  queryOptions({
    queryKey: ['/models/detail', scope, model],
    queryFn: ({ signal }) => api.get<ModelDetail>('/models/detail', { ...scope, model }, signal),
    placeholderData: keepPreviousData,
  })

export const predictionsQuery = (scope: Scope, sort: string, limit = 100) =>
  infiniteQueryOptions({
    queryKey: ['/predictions', scope, sort, limit],
    queryFn: ({ signal, pageParam }) =>
      api.get<PredictionAnswer>('/predictions', { ...scope, sort, limit, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const predictionQuery = (project: string, model: string, id: string) =>
  queryOptions({
    queryKey: ['/predictions/detail', project, model, id],
    queryFn: ({ signal }) =>
      api.get<PredictionDetail>('/predictions/detail', { project, model, prediction_id: id }, signal),
  })

export const tracePredictionsQuery = (project: string, traceId: string) =>
  queryOptions({
    queryKey: ['/traces/predictions', project, traceId],
    queryFn: ({ signal }) =>
      api.get<TracePredictions>(`/traces/${encodeURIComponent(traceId)}/predictions`, { project }, signal),
  })
