/** What is said of answers: asked, and said. */
import { queryOptions } from '@tanstack/react-query'
import { api, ApiError } from './client'
import type { Corrections, EvaluationsOfOne } from './types'

export const traceEvaluationsQuery = (project: string, traceId: string) =>
  queryOptions({
    queryKey: ['/evaluations/trace', project, traceId],
    queryFn: ({ signal }) => api.get<EvaluationsOfOne>(`/traces/${traceId}/evaluations`, { project }, signal),
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
  trace_id: string
  span_id?: string
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
