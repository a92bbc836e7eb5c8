/** Redaction of a project: the rules that hold, what they found, and a text tried out on them. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { RedactionChoice, Redactions, RedactionState, RedactionTried } from './types'

export const redactionQuery = (project: string) =>
  queryOptions({
    queryKey: ['/redaction', project],
    queryFn: ({ signal }) => api.get<RedactionState>('/redaction', { project }, signal),
  })

export const redactionCountsQuery = (project: string, from: string) =>
  queryOptions({
    queryKey: ['/redaction/counts', project, from],
    queryFn: ({ signal }) => api.get<Redactions>('/redaction/counts', { project, from }, signal),
    refetchInterval: 30_000,
  })

/** Refused where somebody changed the rules after `revision`. */
export const setRedaction = (project: string, choice: RedactionChoice, revision: number) =>
  api.put<RedactionState>('/redaction', choice, { project, revision })

export const tryRedaction = (project: string, text: string) =>
  api.post<RedactionTried>('/redaction/try', { text }, undefined, { project })
