/** Spans that have not ended: slow, stuck, silent, or left behind by their process. The server says which. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api } from '@/api/client'
import type { RunningSpan, RunningSpans } from '@/api/types'
import { roughly } from '@/kit/format'

const EVERY_MS = 3_000

export type Running = ReadonlyMap<string, RunningSpan>
const NONE: Running = new Map()

/** By span id, asked again while somebody looks. */
export function useRunning(project: string, traceId: string, wanted: boolean): Running {
  const { data } = useQuery({
    queryKey: ['trace-running', project, traceId],
    queryFn: ({ signal }) => api.get<RunningSpans>(`/traces/${traceId}/running`, { project }, signal),
    enabled: wanted,
    refetchInterval: EVERY_MS,
  })
  return useMemo(
    () => (wanted && data ? new Map(data.rows.map((row) => [row.span_id, row])) : NONE),
    [wanted, data],
  )
}

/** How far its bar reaches: to now, or to when its process was last heard of. */
export function reachNs(one: RunningSpan): number {
  const gone = one.liveness === 'silent' || one.liveness === 'exited'
  return Math.max(gone ? one.running_s - one.heard_s : one.running_s, 0) * 1e9
}

/** Trouble first. */
const ORDER: RunningSpan['liveness'][] = ['silent', 'exited', 'stuck', 'alive', 'unknown']
export const worstFirst = (a: RunningSpan, b: RunningSpan) =>
  ORDER.indexOf(a.liveness) - ORDER.indexOf(b.liveness) || b.running_s - a.running_s

export function troubled(one: RunningSpan): boolean {
  return one.liveness === 'silent' || one.liveness === 'stuck' || one.liveness === 'exited'
}

/** As short as a bar's label. */
export function shortly(one: RunningSpan | undefined): string {
  if (!one) return 'running'
  switch (one.liveness) {
    case 'silent':
      return `no sign of life for ${roughly(one.heard_s)}`
    case 'exited':
      return `process ended ${roughly(one.heard_s)} ago`
    case 'stuck':
      return `stuck for ${roughly(stuckFor(one))}`
    default:
      return `running for ${roughly(one.running_s)}`
  }
}

/** A sentence without the place. */
export function said(one: RunningSpan): string {
  const running = `running for ${roughly(one.running_s)}`
  const heard = `last heard ${one.heard_s < 2 ? 'now' : `${roughly(one.heard_s)} ago`}`
  switch (one.liveness) {
    case 'silent':
      return `no sign of life for ${roughly(one.heard_s)}: its process is gone, or cannot reach this server`
    case 'exited':
      return `left open: its process ended ${roughly(one.heard_s)} ago without ending it`
    case 'stuck':
      return `${running}, in the same place for ${roughly(stuckFor(one))}, ${heard}`
    case 'alive':
      return `${running}, ${heard}`
    default:
      return running
  }
}

/** What it said, and the time since then. */
const stuckFor = (one: RunningSpan) => (one.same_place_s ?? 0) + one.heard_s
