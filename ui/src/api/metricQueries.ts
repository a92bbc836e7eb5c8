import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { MetricAnswer, MetricEntry, MetricQuery } from './types'

export const metricCatalogQuery = (project: string, from: string, to: string, q = '') =>
  queryOptions({
    queryKey: ['/metrics/catalog', project, from, to, q],
    queryFn: ({ signal }) =>
      api.get<{ metrics: MetricEntry[] }>('/metrics/catalog', { project, from, to, q }, signal),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
  })

export const metricQuery = (body: MetricQuery | null) =>
  queryOptions({
    queryKey: ['/metrics/query', body],
    queryFn: ({ signal }) => api.post<MetricAnswer>('/metrics/query', body, signal),
    enabled: body !== null,
    // A refresh keeps the old lines until the new ones come; another metric never shows under this name.
    placeholderData: (previous, query) => {
      const before = query?.queryKey[1] as MetricQuery | null | undefined
      return before &&
        body &&
        before.name === body.name &&
        before.type === body.type &&
        before.unit === body.unit &&
        before.project === body.project
        ? keepPreviousData(previous)
        : undefined
    },
  })
