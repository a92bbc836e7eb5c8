/** Projects, keys, storage and backups: what Settings reads and changes. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { ApiKey, BackupStatus, Project, StorageAnswer } from './types'

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

export const storageQuery = queryOptions({
  queryKey: ['/storage'],
  queryFn: ({ signal }) => api.get<StorageAnswer>('/storage', undefined, signal),
  refetchInterval: 30_000,
})

export const backupsQuery = queryOptions({
  queryKey: ['/backups'],
  queryFn: ({ signal }) => api.get<BackupStatus>('/backups', undefined, signal),
  refetchInterval: (query) => (query.state.data?.running ? 1000 : 60_000),
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
export const startBackup = () => api.post<BackupStatus>('/backups', {})
export const deleteBackup = (name: string) => api.delete<void>(`/backups/${encodeURIComponent(name)}`)
