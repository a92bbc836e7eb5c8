/** Monitors: how they stand, what they saw, whom they told, and changing them. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type {
  AlertRow,
  DeliveryRow,
  MonitorDefinition,
  MonitorRow,
  PreviewAnswer,
  WebhookChange,
} from './types'

const LIST = '/monitors'
const one = (id: string) => `/monitors/${encodeURIComponent(id)}` as const

export const monitorsQuery = (project: string) =>
  queryOptions({
    queryKey: [LIST, project],
    queryFn: ({ signal }) => api.get<{ rows: MonitorRow[] }>('/monitors', { project }, signal),
  })

export const monitorQuery = (id: string) =>
  queryOptions({
    queryKey: [LIST, 'one', id],
    queryFn: ({ signal }) => api.get<MonitorRow>(one(id), undefined, signal),
  })

/** The values that a monitor compared, and when it would have called. */
export const monitorPastQuery = (id: string, from: string, to: string) =>
  queryOptions({
    queryKey: [LIST, 'past', id, from, to],
    queryFn: ({ signal }) => api.get<PreviewAnswer>(`${one(id)}/preview`, { from, to }, signal),
    placeholderData: (previous, before) =>
      before?.queryKey[2] === id ? keepPreviousData(previous) : undefined,
    staleTime: 30_000,
  })

export const deliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: [LIST, 'deliveries', id],
    queryFn: ({ signal }) => api.get<{ rows: DeliveryRow[] }>(`${one(id)}/deliveries`, undefined, signal),
  })

/** Changes of state within a time, the newest first. */
export const alertsQuery = (project: string, monitor: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['/alerts', project, monitor, from, to],
    queryFn: ({ signal }) =>
      api.get<{ rows: AlertRow[] }>('/alerts', { project, monitor, from, to, limit: MOST_ALERTS }, signal),
    placeholderData: keepPreviousData,
  })
export const MOST_ALERTS = 500

/** What a monitor that is not made yet would have done over the past day. */
export const draftPastQuery = (project: string, definition: MonitorDefinition | null) =>
  queryOptions({
    queryKey: [LIST, 'draft', project, definition],
    queryFn: ({ signal }) => api.post<PreviewAnswer>('/monitors/preview', { project, definition }, signal),
    enabled: definition !== null,
    // The same query with another limit: the line stays until the new answer is there.
    placeholderData: (previous, before) => {
      const old = before?.queryKey[3] as MonitorDefinition | null | undefined
      return old && definition && JSON.stringify(old.query) === JSON.stringify(definition.query)
        ? keepPreviousData(previous)
        : undefined
    },
    retry: false,
  })

export interface MonitorChange {
  name?: string
  definition?: MonitorDefinition
  /** Left out: as it is; `null` takes it away. */
  webhook?: WebhookChange | null
  enabled?: boolean
  muted_until?: string | null
}

export const createMonitor = (
  made: MonitorDefinition & { name: string; project: string; webhook?: WebhookChange },
) => api.post<MonitorRow>('/monitors', made)
export const changeMonitor = (id: string, change: MonitorChange) => api.patch<MonitorRow>(one(id), change)
export const deleteMonitor = (id: string) => api.delete<void>(one(id))
export const testMonitor = (id: string) => api.post<{ delivery_id: string }>(`${one(id)}/test`, undefined)
