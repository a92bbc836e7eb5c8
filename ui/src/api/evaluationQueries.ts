/** What is said of answers: asked, and said. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, ApiError } from './client'
import type { Scope } from './queries'
import type {
  Corrections,
  EvaluationAnswer,
  EvaluationDistribution,
  EvaluationsOfOne,
  EvaluationSummary,
  NewScore,
  ScoreDefinition,
} from './types'

export const summaryQuery = (scope: Scope, groupBy?: string) =>
  queryOptions({
    queryKey: ['/evaluations/summary', scope, groupBy ?? ''],
    queryFn: ({ signal }) =>
      api.get<EvaluationSummary>('/evaluations/summary', { ...scope, group_by: groupBy }, signal),
    placeholderData: keepPreviousData,
  })

export const distributionQuery = (scope: Scope, name: string) =>
  queryOptions({
    queryKey: ['/evaluations/distribution', scope, name],
    queryFn: ({ signal }) =>
      api.get<EvaluationDistribution>('/evaluations/distribution', { ...scope, name }, signal),
  })

/** Of spans that have a value, where the key is one that the evaluated span answers. */
export interface OfSpan {
  key: string
  value: string
}

export const evaluationsQuery = (scope: Scope, sort: string, of?: OfSpan, limit = 100) =>
  infiniteQueryOptions({
    queryKey: ['/evaluations', scope, sort, of ?? null, limit],
    queryFn: ({ signal, pageParam }) =>
      api.get<EvaluationAnswer>(
        '/evaluations',
        { ...scope, sort, limit, cursor: pageParam, ...(of && { span_key: of.key, span_value: of.value }) },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const scoresQuery = (project: string) =>
  queryOptions({
    queryKey: ['/scores', project],
    queryFn: ({ signal }) => api.get<{ rows: ScoreDefinition[] }>('/scores', { project }, signal),
  })

export const defineScore = (project: string, score: NewScore) =>
  api.put<ScoreDefinition>('/scores', score, { project })
export const deleteScore = (project: string, name: string) => api.delete<void>('/scores', { project, name })

export const traceEvaluationsQuery = (project: string, traceId: string) =>
  queryOptions({
    queryKey: ['/evaluations/trace', project, traceId],
    queryFn: ({ signal }) => api.get<EvaluationsOfOne>(`/traces/${traceId}/evaluations`, { project }, signal),
    staleTime: 10_000,
  })

export const sessionEvaluationsQuery = (project: string, session: string) =>
  queryOptions({
    queryKey: ['/evaluations/session', project, session],
    queryFn: ({ signal }) => api.get<EvaluationsOfOne>('/sessions/evaluations', { project, session }, signal),
    staleTime: 10_000,
  })

/** The name of an evaluation with which a reviewer says what the answer should have been. */
export const CORRECTION = 'correction'

export const correctionsQuery = (project: string, traceId: string, spanId: string) =>
  queryOptions({
    queryKey: ['/corrections', project, traceId, spanId],
    queryFn: ({ signal }) =>
      api.get<Corrections>(`/traces/${traceId}/spans/${spanId}/corrections`, { project }, signal),
    staleTime: 10_000,
  })

/** A reviewer's evaluation; the server names the reviewer after the key. */
export interface Said {
  name: string
  trace_id?: string
  span_id?: string
  session_id?: string
  score?: number
  label?: string
  comment?: string
  expected_output?: string
  withdrawn?: boolean
}

/** Goes in by the door that programs use, so that there is one way for everybody. */
export async function say(project: string, said: Said): Promise<void> {
  const response = await fetch('/v1/evaluations', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { accept: 'application/json', 'content-type': 'application/json', 'x-tapetum-project': project },
    body: JSON.stringify({ ...said, source: 'human' }),
  }).catch(() => null)
  if (!response?.ok) {
    const body: unknown = await response?.json().catch(() => null)
    throw new ApiError(response?.status ?? 0, 'POST /v1/evaluations', body)
  }
}
