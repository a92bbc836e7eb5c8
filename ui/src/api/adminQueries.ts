/** Projects and keys: what Settings reads and changes. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { ApiKey, Project } from './types'

export const projectsQuery = queryOptions({
  queryKey: ['/projects'],
  queryFn: ({ signal }) => api.get<{ projects: Project[] }>('/projects', undefined, signal),
})

export const keysQuery = (enabled: boolean) =>
  queryOptions({
    queryKey: ['/keys'],
    queryFn: ({ signal }) => api.get<{ keys: ApiKey[] }>('/keys', undefined, signal),
    enabled,
  })

export interface NewKey {
  name: string
  scopes: string[]
  project?: string
  expires_at?: string
}

export const createProject = (name: string) => api.post<Project>('/projects', { name })
export const setRetention = (name: string, retention: Project['retention']) =>
  api.patch<Project>(`/projects/${encodeURIComponent(name)}`, { retention })
/** `key` is in this answer and never again. */
export const createKey = (key: NewKey) => api.post<ApiKey & { key: string }>('/keys', key)
export const revokeKey = (id: string) => api.delete<void>(`/keys/${encodeURIComponent(id)}`)
