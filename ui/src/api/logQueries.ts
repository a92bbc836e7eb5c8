/** What the Logs page asks beyond its rows. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, ApiError } from './client'
import type { Scope } from './queries'
import type { LogHistogram, LogRow, Rows } from './types'

export const logHistogramQuery = (scope: Scope, buckets: number) =>
  queryOptions({
    queryKey: ['/logs/histogram', scope, buckets],
    queryFn: ({ signal }) => api.get<LogHistogram>('/logs/histogram', { ...scope, buckets }, signal),
    placeholderData: keepPreviousData,
  })

/** Rows of one project between two times, without paging. */
const slice = (
  project: string,
  query: { from: string | number; to: string | number; sort: string; limit: number; q?: string },
  signal: AbortSignal,
) => api.get<Rows<LogRow>>('/logs', { project, ...query }, signal)

/** One record, found again by its time and id: what a shared link holds. */
export const logRecordQuery = (project: string, time: string, id: string) =>
  queryOptions({
    queryKey: ['log-record', project, time, id],
    queryFn: async ({ signal }) => {
      try {
        return await api.get<LogRow>(`/logs/${encodeURIComponent(id)}`, { project, time }, signal)
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
    staleTime: 60_000,
  })

const DAY_MS = 86_400_000

/** The lines around a record, oldest first, the record among them. */
export const logContextQuery = (project: string, row: LogRow, timeMs: number, q: string, lines: number) =>
  queryOptions({
    queryKey: ['log-context', project, row.id, row.time, q, lines],
    queryFn: async ({ signal }) => {
      const ms = Math.floor(timeMs)
      const [before, after] = await Promise.all([
        slice(project, { from: ms - DAY_MS, to: row.time, sort: '-time', limit: lines, q }, signal),
        slice(project, { from: row.time, to: ms + DAY_MS, sort: 'time', limit: lines + 1, q }, signal),
      ])
      const later = after.rows.filter((r) => r.id !== row.id).slice(0, lines)
      return [...before.rows.toReversed(), row, ...later]
    },
    placeholderData: keepPreviousData,
  })
