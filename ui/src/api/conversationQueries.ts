/** What was said in spans and traces, and who took part. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { AgentGraph, SpanConversation, TraceConversation } from './types'

export const spanConversationQuery = (project: string, traceId: string, spanId: string) =>
  queryOptions({
    queryKey: ['span-conversation', project, traceId, spanId],
    queryFn: ({ signal }) =>
      api.get<SpanConversation>(`/traces/${traceId}/spans/${spanId}/conversation`, { project }, signal),
    staleTime: 60_000,
  })

export const traceConversationQuery = (project: string, traceId: string, running: boolean) =>
  queryOptions({
    queryKey: ['trace-conversation', project, traceId],
    queryFn: ({ signal }) =>
      api.get<TraceConversation>(`/traces/${traceId}/conversation`, { project }, signal),
    refetchInterval: running ? 3_000 : false,
  })

export const agentGraphQuery = (project: string, traceId: string, running: boolean) =>
  queryOptions({
    queryKey: ['agent-graph', project, traceId],
    queryFn: ({ signal }) => api.get<AgentGraph>(`/traces/${traceId}/graph`, { project }, signal),
    refetchInterval: running ? 3_000 : false,
  })
