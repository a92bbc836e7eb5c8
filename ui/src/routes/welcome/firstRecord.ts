/** Whether a project has anything that somebody sent, and what came first. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '@/api/client'
import { ingestQuery } from '@/api/ingestQueries'
import type { IngestAnswer, LogRow, Rows, TraceRow } from '@/api/types'

export type First =
  | { signal: 'traces'; trace: TraceRow }
  | { signal: 'logs'; log: LogRow }
  | { signal: 'metrics'; sender: string }

export interface Arrival {
  first: First | null
  /** What came and was refused: all that a newcomer has so far. */
  reasons: IngestAnswer['reasons']
}

/** Spans and log records are seen as soon as they are stored; the counts of ingest, seconds later, say what else came. */
export const arrivalQuery = (project: string) =>
  queryOptions({
    queryKey: ['arrival', project],
    queryFn: async ({ signal, client }): Promise<Arrival> => {
      const asked = { project, from: 'all', limit: 1 }
      const [traces, logs, ingest] = await Promise.all([
        api.get<Rows<TraceRow>>('/traces', asked, signal),
        api.get<Rows<LogRow>>('/logs', asked, signal),
        client.fetchQuery({ ...ingestQuery(project, 'all', 'now'), staleTime: 0 }),
      ])
      return { first: firstOf(traces.rows, logs.rows, ingest), reasons: ingest.reasons }
    },
    staleTime: 0,
    gcTime: 0,
  })

export function firstOf(traces: TraceRow[], logs: LogRow[], ingest: IngestAnswer): First | null {
  if (traces[0]) return { signal: 'traces', trace: traces[0] }
  if (logs[0]) return { signal: 'logs', log: logs[0] }
  // What the server measures of its own machine is not among the senders.
  const sender = ingest.senders.find((s) => s.signal === 'metrics' && s.accepted > 0)
  return sender ? { signal: 'metrics', sender: sender.sender } : null
}
