/** Models in production: which there are, one of them, its predictions. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Scope } from './queries'
import type {
  ChosenSlices,
  DriftReport,
  FlippedRequests,
  EmbeddingView,
  KeptEvaluations,
  ModelDetail,
  ModelPage,
  PerformanceEstimate,
  PerformanceReport,
  PredictionAnswer,
  PredictionContext,
  PredictionDetail,
  SelectionReport,
  TracePredictions,
  VersionComparison,
  WorstSlices,
} from './types'

export const modelsQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ['/models', scope],
    queryFn: ({ signal }) => api.get<ModelPage>('/models', { ...scope }, signal),
    placeholderData: keepPreviousData,
  })

export const modelQuery = (scope: Scope, model: string) =>
  queryOptions({
    queryKey: ['/models/detail', scope, model],
    queryFn: ({ signal }) => api.get<ModelDetail>('/models/detail', { ...scope, model }, signal),
    placeholderData: keepPreviousData,
  })

export const predictionsQuery = (scope: Scope, sort: string, limit = 100) =>
  infiniteQueryOptions({
    queryKey: ['/predictions', scope, sort, limit],
    queryFn: ({ signal, pageParam }) =>
      api.get<PredictionAnswer>('/predictions', { ...scope, sort, limit, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  })

export const predictionQuery = (project: string, model: string, id: string) =>
  queryOptions({
    queryKey: ['/predictions/detail', project, model, id],
    queryFn: ({ signal }) =>
      api.get<PredictionDetail>('/predictions/detail', { project, model, prediction_id: id }, signal),
  })

/** Of the others in the scope, or of the rows of a data set. */
export const contextQuery = (scope: Scope, model: string, id: string, dataset?: string) =>
  queryOptions({
    queryKey: ['/predictions/context', scope, model, id, dataset],
    queryFn: ({ signal }) =>
      api.get<PredictionContext>(
        '/predictions/context',
        { ...scope, model, prediction_id: id, dataset },
        signal,
      ),
  })

export const tracePredictionsQuery = (project: string, traceId: string) =>
  queryOptions({
    queryKey: ['/traces/predictions', project, traceId],
    queryFn: ({ signal }) =>
      api.get<TracePredictions>(`/traces/${encodeURIComponent(traceId)}/predictions`, { project }, signal),
  })

/** What goes along with a question about a model: its version, and what it is held against. */
type Asked = Record<string, string | number | readonly string[] | undefined>

type Path =
  | '/models/drift'
  | '/models/drift/together'
  | '/models/embeddings'
  | '/models/performance'
  | '/models/performance/slices'
  | '/models/performance/chosen'
  | '/models/performance/estimate'
  | '/models/compare'
  | '/models/compare/flips'

const asked =
  <Answer>(path: Path) =>
  (scope: Scope, model: string, more: Asked) =>
    queryOptions({
      queryKey: [path, scope, model, more],
      queryFn: ({ signal }) => api.get<Answer>(path, { ...scope, model, ...more }, signal),
      placeholderData: keepPreviousData,
    })

export const driftQuery = asked<DriftReport>('/models/drift')
export const driftTogetherQuery = asked<DriftReport>('/models/drift/together')
export const embeddingsQuery = asked<EmbeddingView>('/models/embeddings')

/** What some of the points of a picture have that the others have not. */
export const selectionQuery = (
  scope: Scope,
  model: string,
  more: Asked,
  selected: readonly string[],
  others: readonly string[],
) =>
  queryOptions({
    queryKey: ['/models/embeddings/selection', scope, model, more, selected, others],
    queryFn: ({ signal }) =>
      api.post<SelectionReport>('/models/embeddings/selection', { selected, others }, signal, {
        ...scope,
        model,
        ...more,
      }),
  })

export const performanceQuery = asked<PerformanceReport>('/models/performance')
export const worstQuery = asked<WorstSlices>('/models/performance/slices')
export const estimateQuery = asked<PerformanceEstimate>('/models/performance/estimate')
export const chosenQuery = asked<ChosenSlices>('/models/performance/chosen')
export const comparisonQuery = asked<VersionComparison>('/models/compare')
export const flipsQuery = asked<FlippedRequests>('/models/compare/flips')

export const evaluatedQuery = (scope: Scope, model: string) =>
  queryOptions({
    queryKey: ['/models/evaluations', scope, model],
    queryFn: ({ signal }) => api.get<KeptEvaluations>('/models/evaluations', { ...scope, model }, signal),
    placeholderData: keepPreviousData,
  })
