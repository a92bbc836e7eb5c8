import { queryOptions } from '@tanstack/react-query'
import { api } from '@/api/client'
import { traceEvaluationsQuery } from '@/api/evaluationQueries'
import type { EvaluationsOfOne, ReviewRow } from '@/api/types'

const ofSession = (project: string, session: string) =>
  queryOptions({
    queryKey: ['/evaluations/trace', project, `session ${session}`],
    queryFn: ({ signal }) =>
      api.get<EvaluationsOfOne>(`/sessions/${encodeURIComponent(session)}/evaluations`, { project }, signal),
  })

/** What is said of the trace that a row is in, or of its session. */
export const evaluationsOf = (project: string, row: ReviewRow) =>
  row.session_id ? ofSession(project, row.session_id) : traceEvaluationsQuery(project, row.trace_id)
