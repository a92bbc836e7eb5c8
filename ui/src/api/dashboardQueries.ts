/** Dashboards, saved views and saved queries. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, request } from './client'
import type { Dashboard, DashboardDocument, DashboardRow, QueryAnswer, SavedQuery, SavedView } from './types'

export const dashboardsQuery = (project: string) =>
  queryOptions({
    queryKey: ['/dashboards', project],
    queryFn: ({ signal }) => api.get<{ rows: DashboardRow[] }>('/dashboards', { project }, signal),
  })

export const dashboardQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ['/dashboards', project, id],
    queryFn: ({ signal }) => api.get<Dashboard>(`/dashboards/${encodeURIComponent(id)}`, { project }, signal),
  })

/** A document, or the text of a file that may be one. */
export const createDashboard = (project: string, document: DashboardDocument | string) =>
  api.post<Dashboard>('/dashboards', document, undefined, { project })
export const changeDashboard = (project: string, id: string, revision: number, document: DashboardDocument) =>
  api.put<Dashboard>(`/dashboards/${encodeURIComponent(id)}`, document, { project, revision })
export const deleteDashboard = (project: string, id: string) =>
  api.delete<void>(`/dashboards/${encodeURIComponent(id)}`, { project })

export interface Asked {
  project: string
  query: SavedQuery
  from: string
  to: string
  variables: Record<string, string[]>
}

export const savedQuery = (asked: Asked) =>
  queryOptions({
    queryKey: ['/query', asked],
    queryFn: ({ signal }) => api.post<QueryAnswer>('/query', asked, signal),
    // Of the same question only: another one must not be drawn under this name.
    placeholderData: (previous, before) => {
      const old = before?.queryKey[1] as Asked | undefined
      return old?.project === asked.project && JSON.stringify(old.query) === JSON.stringify(asked.query)
        ? keepPreviousData(previous)
        : undefined
    },
  })

/** The answer as a file: a row for each point of each series, or the rows of the table. */
export async function queryFile(asked: Asked, format: 'csv' | 'parquet'): Promise<Blob> {
  const response = await request('POST', '/query', { body: { ...asked, format } })
  return response.blob()
}

export const viewsQuery = (project: string, page: string) =>
  queryOptions({
    queryKey: ['/views', project, page],
    queryFn: ({ signal }) => api.get<{ rows: SavedView[] }>('/views', { project, page }, signal),
  })

export const saveView = (view: {
  project: string
  page: string
  name: string
  search: string
  replace: boolean
}) => api.post<SavedView>('/views', view)
export const deleteView = (project: string, id: string) =>
  api.delete<void>(`/views/${encodeURIComponent(id)}`, { project })
