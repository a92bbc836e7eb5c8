import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { IngestAnswer } from './types'

export const ingestQuery = (project: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['/ingest', project, from, to],
    queryFn: ({ signal }) => api.get<IngestAnswer>('/ingest', { project, from, to }, signal),
    placeholderData: keepPreviousData,
  })
