import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { IngestAnswer, ScrapeTarget } from './types'

export const ingestQuery = (project: string, from: string, to: string) =>
  queryOptions({
    queryKey: ['/ingest', project, from, to],
    queryFn: ({ signal }) => api.get<IngestAnswer>('/ingest', { project, from, to }, signal),
    placeholderData: keepPreviousData,
  })

/** What this server scrapes into a project; looked at again and again, as scrapes go on. */
export const scrapeTargetsQuery = (project: string) =>
  queryOptions({
    queryKey: ['/scrape_targets', project],
    queryFn: ({ signal }) => api.get<{ targets: ScrapeTarget[] }>('/scrape_targets', { project }, signal),
    refetchInterval: 5_000,
  })
