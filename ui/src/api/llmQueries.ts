import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Scope } from './queries'
import type { LlmGroups, LlmOverview, ToolPage } from './types'

export const llmQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/llm', scope],
    queryFn: ({ signal }) => api.get<LlmOverview>('/llm', { ...scope, buckets: 60 }, signal),
    placeholderData: keepPreviousData,
  })

export const llmGroupsQuery = (scope: Scope, by: string, sort: string) =>
  queryOptions({
    queryKey: ['/llm/by', scope, by, sort],
    queryFn: ({ signal }) => api.get<LlmGroups>('/llm/by', { ...scope, by, sort, limit: 50 }, signal),
    placeholderData: keepPreviousData,
  })

export const llmToolsQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/llm/tools', scope],
    queryFn: ({ signal }) => api.get<ToolPage>('/llm/tools', { ...scope }, signal),
    placeholderData: keepPreviousData,
  })
