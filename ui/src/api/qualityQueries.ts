/** Statistics of features that are kept, how far they moved, and what the schema in force says of them. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, ApiError, request, type Query } from './client'
import type { Scope } from './queries'
import type {
  DataSchemaDiff,
  DataSchemaRow,
  DataSchemaVersion,
  FeatureDistance,
  FindingAnswer,
  FindingHistogram,
  StatisticsSubject,
  Validation,
} from './types'

/** Whose statistics, and when: of a data set, or of a model. */
export interface Subject {
  project: string
  dataset: string
  model: string
  /** Of the model or data set; all of them where it is empty. */
  version: string
  slice: string
  from: string
  to: string
}

/** Whose schema. */
export interface Owner {
  kind: 'model' | 'dataset'
  name: string
}

type Bucket = [low: number | string, high: number | string, count: number]

/** One feature, as the door takes it: what nobody knows is absent. Infinities are texts. */
export interface FeatureRecord {
  feature: string
  kind: string
  type: string
  present: number
  missing: number
  value_count?: number
  min_values?: number
  max_values?: number
  finite?: number
  nan_count?: number
  negative_infinity?: number
  positive_infinity?: number
  zeros?: number
  mean?: number | string
  std_dev?: number | string
  min?: number | string
  median?: number | string
  max?: number | string
  standard_histogram?: Bucket[]
  unique?: number
  unique_exact?: boolean
  avg_length?: number
  shortest?: number
  longest?: number
  invalid_utf8?: number
  top_values?: string[]
  top_frequencies?: number[]
}

export interface FeatureStatistics {
  slice: string
  rows: number
  windows: number
  features: FeatureRecord[]
}

export const ALL_ROWS = 'All Examples'

export const ownerOf = (subject: Pick<Subject, 'dataset' | 'model'>): Owner =>
  subject.dataset ? { kind: 'dataset', name: subject.dataset } : { kind: 'model', name: subject.model }

export const subjectsQuery = (project: string) =>
  queryOptions({
    queryKey: ['/feature_statistics', project],
    queryFn: ({ signal }) =>
      api.get<{ rows: StatisticsSubject[] }>('/feature_statistics', { project }, signal),
  })

export const statisticsQuery = (subject: Subject) =>
  queryOptions({
    queryKey: ['/feature_statistics/features', subject],
    queryFn: ({ signal }) =>
      api.get<FeatureStatistics>('/feature_statistics/features', { ...subject }, signal),
    placeholderData: keepPreviousData,
  })

export const distancesQuery = (subject: Subject, base: Subject) =>
  queryOptions({
    queryKey: ['/feature_statistics/distances', subject, base],
    queryFn: ({ signal }) => {
      const against = Object.fromEntries(
        Object.entries(base)
          .filter(([key]) => key !== 'project')
          .map(([key, value]) => [`base_${key}`, value as string]),
      )
      return api.get<{ rows: FeatureDistance[] }>(
        '/feature_statistics/distances',
        { ...subject, ...against },
        signal,
      )
    },
    placeholderData: keepPreviousData,
  })

const fileOf = async (subject: Subject, signal?: AbortSignal): Promise<Blob> =>
  (
    await request('GET', '/feature_statistics/file', { query: { ...subject }, ...(signal ? { signal } : {}) })
  ).blob()

/** What the schema in force says: of predictions as they came, else of the statistics that are kept. */
export const validationQuery = (subject: Subject, environment?: string) =>
  queryOptions({
    queryKey: ['/data-schemas/validate', subject.project, subject, environment],
    queryFn: async ({ signal }): Promise<Validation> => {
      const { project, model, version, slice, from, to } = subject
      if (model && slice === ALL_ROWS) {
        const query: Query = {
          project,
          name: model,
          model_version: version,
          from,
          to,
          environment,
          windows: 0,
        }
        try {
          return await api.get<Validation>('/data-schemas/live', query, signal)
        } catch (error) {
          // Statistics can be kept of predictions that are gone, or never came here.
          if (!(error instanceof ApiError) || error.status !== 404) throw error
        }
      }
      const file = await fileOf(subject, signal)
      return api.post<Validation>('/data-schemas/validate', file, signal, {
        project,
        ...ownerOf(subject),
        environment,
      })
    },
    placeholderData: keepPreviousData,
  })

/** What is wrong with predictions as they come. */
export const findingsQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/findings', scope],
    queryFn: ({ signal }) => api.get<FindingAnswer>('/findings', { ...scope, limit: 500 }, signal),
    placeholderData: keepPreviousData,
  })

export const findingHistogramQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/findings/histogram', scope],
    queryFn: ({ signal }) =>
      api.get<FindingHistogram>('/findings/histogram', { ...scope, buckets: 80 }, signal),
    placeholderData: keepPreviousData,
  })

export const schemasQuery = (project: string) =>
  queryOptions({
    queryKey: ['/data-schemas', project],
    queryFn: ({ signal }) => api.get<{ rows: DataSchemaRow[] }>('/data-schemas', { project }, signal),
  })

export const schemaVersionsQuery = (project: string, owner: Owner) =>
  queryOptions({
    queryKey: ['/data-schemas', project, 'versions', owner],
    queryFn: ({ signal }) =>
      api.get<{ rows: DataSchemaRow[] }>('/data-schemas/versions', { project, ...owner }, signal),
  })

export const schemaQuery = (project: string, owner: Owner, version: number) =>
  queryOptions({
    queryKey: ['/data-schemas/version', project, owner, version],
    queryFn: ({ signal }) =>
      api.get<DataSchemaVersion>('/data-schemas/version', { project, ...owner, version }, signal),
  })

export const schemaDiffQuery = (project: string, owner: Owner, before: number, after: number) =>
  queryOptions({
    queryKey: ['/data-schemas/diff', project, owner, before, after],
    queryFn: ({ signal }) =>
      api.get<DataSchemaDiff>('/data-schemas/diff', { project, ...owner, before, after }, signal),
  })

/** Keeps the schema that the statistics meet as the first version. */
export const inferSchema = async (subject: Subject): Promise<DataSchemaVersion> =>
  api.post('/data-schemas/infer', await fileOf(subject), undefined, {
    project: subject.project,
    ...ownerOf(subject),
  })

/** Keeps the schema as it would be, were this feature right: of predictions as they came, else of statistics. */
export async function acceptFeature(
  subject: Subject,
  feature: string,
  environment?: string,
): Promise<DataSchemaVersion> {
  const { project, model, version, slice, from, to } = subject
  if (model && slice === ALL_ROWS) {
    const query: Query = { project, name: model, model_version: version, from, to, environment, feature }
    try {
      return await api.post<DataSchemaVersion>('/data-schemas/live/accept', undefined, undefined, query)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
  }
  return api.post('/data-schemas/accept', await fileOf(subject), undefined, {
    project,
    ...ownerOf(subject),
    feature,
    environment,
  })
}
