/** The prompt registry, and how its versions did. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Scope } from './queries'
import type { PromptDiff, PromptRow, PromptUsage, PromptVersion } from './types'

export const promptsQuery = (project: string) =>
  queryOptions({
    queryKey: ['/prompts', project],
    queryFn: ({ signal }) => api.get<{ rows: PromptRow[] }>('/prompts', { project }, signal),
  })

export const promptQuery = (project: string, name: string) =>
  queryOptions({
    queryKey: ['/prompts', project, name],
    queryFn: ({ signal }) =>
      api.get<{ prompt: PromptRow; rows: PromptVersion[] }>('/prompts/versions', { project, name }, signal),
  })

export const promptUsageQuery = ({ project, from, to }: Scope, name?: string) =>
  queryOptions({
    queryKey: ['/prompts/usage', project, from, to, name ?? ''],
    queryFn: ({ signal }) =>
      api.get<{ rows: PromptUsage[] }>('/prompts/usage', { project, from, to, name }, signal),
    placeholderData: keepPreviousData,
  })

export const promptDiffQuery = (project: string, name: string, before: number, after: number) =>
  queryOptions({
    queryKey: ['/prompts/diff', project, name, before, after],
    queryFn: ({ signal }) => api.get<PromptDiff>('/prompts/diff', { project, name, before, after }, signal),
  })

export interface NewVersion {
  name: string
  prompt: PromptVersion['prompt']
  config: Record<string, unknown>
  labels: string[]
  message: string
}

export const keepVersion = (project: string, version: NewVersion) =>
  api.post<PromptVersion>('/prompts', version, undefined, { project })
export const movePromptLabel = (project: string, name: string, label: string, version: number) =>
  api.put<PromptRow>('/prompts/labels', { version }, { project, name, label })
export const removePromptLabel = (project: string, name: string, label: string) =>
  api.delete<PromptRow>('/prompts/labels', { project, name, label })
export const deletePrompt = (project: string, name: string) => api.delete<void>('/prompts', { project, name })
