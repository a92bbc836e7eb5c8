import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Scope } from './queries'
import type { SessionAnswer, SessionHistogram, SessionRow, SessionTurns } from './types'

/** Sessions and users are asked in the same words. */
export type Whose = 'sessions' | 'users'

export const sessionsQuery = (whose: Whose, scope: Scope, sort: string, limit = 100) =>
  infiniteQueryOptions({
    queryKey: [`/${whose}`, scope, sort, limit],
    queryFn: ({ pageParam, signal }) =>
      api.get<SessionAnswer>(`/${whose}`, { ...scope, sort, limit, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
    placeholderData: keepPreviousData,
  })

export const sessionHistogramQuery = (whose: Whose, scope: Scope, buckets: number) =>
  queryOptions({
    queryKey: [`/${whose}/histogram`, scope, buckets],
    queryFn: ({ signal }) => api.get<SessionHistogram>(`/${whose}/histogram`, { ...scope, buckets }, signal),
    placeholderData: keepPreviousData,
  })

export const sessionQuery = (project: string, session: string) =>
  queryOptions({
    queryKey: ['/sessions/detail', project, session],
    queryFn: ({ signal }) => api.get<SessionRow>('/sessions/detail', { project, session }, signal),
  })

export const userQuery = (scope: Scope, user: string) =>
  queryOptions({
    queryKey: ['/users/detail', scope, user],
    queryFn: ({ signal }) => api.get<SessionRow>('/users/detail', { ...scope, user }, signal),
    placeholderData: keepPreviousData,
  })

/** Of the turns that failed, which stand above all turns. */
export const FAILED_AT_ONCE = 5

/** The traces of a session in order, or only those that failed. */
export const turnsQuery = (project: string, session: string, sort: string, failed: boolean) =>
  infiniteQueryOptions({
    queryKey: ['/sessions/turns', project, session, sort, failed],
    queryFn: ({ pageParam, signal }) =>
      api.get<SessionTurns>(
        '/sessions/turns',
        { project, session, sort, failed, limit: failed ? FAILED_AT_ONCE : 20, cursor: pageParam },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
  })
