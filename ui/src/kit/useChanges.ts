/** What was changed within a time chart's range: one request for all charts of a page that show the same time. */
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api } from '@/api/client'
import type { ChangeAnswer, ChangeRow } from '@/api/types'
import { usePref } from './prefs'
import { isoToMs } from './time'
import { useView } from './view'

/** A change with its time in Unix milliseconds. */
export interface Change extends ChangeRow {
  at: number
}

/** Wider than asked, to a step that is the same for ranges that differ by little: charts then share one answer. */
export function widened(fromMs: number, toMs: number): [from: number, to: number] {
  const step = Math.max(10_000, 2 ** Math.floor(Math.log2(Math.max(toMs - fromMs, 1) / 8)))
  return [Math.floor(fromMs / step) * step, Math.ceil(toMs / step) * step]
}

const changesQuery = (project: string, from: number, to: number) =>
  queryOptions({
    queryKey: ['/changes', project, from, to],
    queryFn: ({ signal }) => api.get<ChangeAnswer>('/changes', { project, from, to, limit: 500 }, signal),
    placeholderData: keepPreviousData,
    staleTime: 15_000,
    refetchInterval: () => (to > Date.now() - 60_000 ? 30_000 : false),
  })

const NONE: Change[] = []

/** Changes from `fromMs` to `toMs`, oldest first; none while they are asked for, or if the reader wants none. */
export function useChanges(fromMs: number, toMs: number): Change[] {
  const { scope } = useView()
  const [shown] = usePref('changes', 'shown')
  const some = shown === 'shown' && toMs > fromMs && fromMs >= 0
  const [from, to] = some ? widened(fromMs, toMs) : [0, 0]
  const { data } = useQuery({ ...changesQuery(scope.project, from, to), enabled: some })
  return useMemo(() => {
    if (!some || !data) return NONE
    const found = data.rows.map((row) => ({ ...row, at: isoToMs(row.time) }))
    return found.filter((change) => change.at >= fromMs && change.at <= toMs).toReversed()
  }, [some, data, fromMs, toMs])
}

/** `deploy shop 1.0 → 1.1` */
export function changeText(change: ChangeRow): string {
  const what = `${change.kind} ${change.subject}`
  if (change.before && change.after) return `${what} ${change.before} → ${change.after}`
  return change.after ? `${what} → ${change.after}` : change.before ? `${what}, was ${change.before}` : what
}

/** Changes so close to each other that one mark stands for them. */
export function grouped(changes: Change[], atLeastMs: number): Change[][] {
  const out: Change[][] = []
  for (const change of changes) {
    const last = out.at(-1)
    if (last && change.at - last[0]!.at < atLeastMs) last.push(change)
    else out.push([change])
  }
  return out
}
