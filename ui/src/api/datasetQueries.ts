/** Datasets: their versions and items, and what a span or a prediction would be as an item. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type {
  DatasetChange,
  DatasetDifference,
  DatasetItem,
  DatasetRow,
  DatasetVersion,
  ItemDraft,
  Rows,
} from './types'

export const datasetsQuery = (project: string) =>
  queryOptions({
    queryKey: ['/datasets', project],
    queryFn: ({ signal }) => api.get<{ rows: DatasetRow[] }>('/datasets', { project }, signal),
  })

export const datasetQuery = (project: string, name: string) =>
  queryOptions({
    queryKey: ['/datasets', project, name],
    queryFn: ({ signal }) =>
      api.get<{ dataset: DatasetRow; rows: DatasetVersion[] }>(
        '/datasets/versions',
        { project, name },
        signal,
      ),
  })

export const datasetItemsQuery = (project: string, name: string, version: number) =>
  infiniteQueryOptions({
    queryKey: ['/datasets', project, name, 'items', version],
    queryFn: ({ pageParam, signal }) =>
      api.get<Rows<DatasetItem>>(
        '/datasets/items',
        { project, name, version, cursor: pageParam || undefined, limit: 100 },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    // A version never changes.
    staleTime: Infinity,
  })

export const datasetItemQuery = (project: string, name: string, version: number, id: string) =>
  queryOptions({
    queryKey: ['/datasets', project, name, 'item', version, id],
    queryFn: ({ signal }) => api.get<DatasetItem>('/datasets/item', { project, name, version, id }, signal),
    staleTime: Infinity,
  })

export const datasetDiffQuery = (project: string, name: string, before: number, after: number) =>
  queryOptions({
    queryKey: ['/datasets', project, name, 'diff', before, after],
    queryFn: ({ signal }) =>
      api.get<DatasetDifference>('/datasets/diff', { project, name, before, after }, signal),
  })

/** What can be saved as an item. */
export type Saved = { trace_id: string; span_id: string } | { model: string; prediction_id: string }

export const itemDraftQuery = (project: string, of: Saved) =>
  queryOptions({
    queryKey: ['/datasets/draft', project, of],
    queryFn: ({ signal }) =>
      'model' in of
        ? api.get<ItemDraft>('/predictions/dataset_item', { project, ...of }, signal)
        : api.get<ItemDraft>(`/traces/${of.trace_id}/spans/${of.span_id}/dataset_item`, { project }, signal),
    // A correction a moment ago must be in it.
    staleTime: 0,
  })

export interface NewDatasetVersion {
  name: string
  description?: string
  message?: string
  put?: (Partial<Pick<DatasetItem, 'input' | 'expected_output' | 'output' | 'metadata'>> & { id?: string })[]
  spans?: { trace_id: string; span_id: string; expected_output?: unknown; if_absent?: boolean }[]
  predictions?: { model: string; prediction_id: string; expected_output?: unknown; if_absent?: boolean }[]
  skip_missing?: boolean
  remove?: string[]
  seen_version?: number
}

export const changeDataset = (project: string, change: NewDatasetVersion) =>
  api.post<DatasetChange>('/datasets', change, undefined, { project })
export const deleteDataset = (project: string, name: string) =>
  api.delete<void>('/datasets', { project, name })
