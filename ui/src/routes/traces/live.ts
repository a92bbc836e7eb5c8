/** Live: what arrives is counted at once and shown at most every 1.5 seconds, never while a person reads further down. */
import { useQueryClient, type InfiniteData, type QueryKey } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTail, type TailState } from '@/api/live'
import type { Scope } from '@/api/queries'
import type { SpanRow } from '@/api/types'
import { Arrivals } from './arrivals'

const ROWS_MS = 1_500
const CHARTS_MS = 5_000

export interface Live {
  state: TailState
  waiting: number
  dropped: number
  show: () => void
}

export function useLiveTraces(scope: Scope, on: boolean, paused: boolean, rowsKey: QueryKey): Live {
  const client = useQueryClient()
  const [waiting, setWaiting] = useState(0)
  const [dropped, setDropped] = useState(0)
  const [moved, setMoved] = useState(false)
  const arrivals = useRef(new Arrivals())
  const last = useRef({ rows: 0, charts: 0 })
  const state = useTail<SpanRow>('/spans/tail', { project: scope.project, q: scope.q }, on, (frame) => {
    const fresh = arrivals.current.fresh(frame.rows)
    setWaiting((n) => n + fresh)
    setMoved((before) => before || frame.rows.length > 0)
    setDropped((n) => n + frame.dropped)
  })
  const refresh = () => {
    setWaiting(0)
    setMoved(false)
    last.current.rows = Date.now()
    client.setQueryData<InfiniteData<unknown>>(rowsKey, (old) =>
      old ? { pages: old.pages.slice(0, 1), pageParams: old.pageParams.slice(0, 1) } : old,
    )
    void client.invalidateQueries({ queryKey: rowsKey })
    if (Date.now() - last.current.charts > CHARTS_MS) {
      last.current.charts = Date.now()
      for (const key of ['/spans/histogram', '/spans/heatmap', '/spans/facets']) {
        void client.invalidateQueries({ queryKey: [key] })
      }
    }
  }
  useEffect(() => {
    if (!on) {
      setWaiting(0)
      setDropped(0)
      setMoved(false)
      return
    }
    if (!moved || paused) return
    const timer = setTimeout(refresh, Math.max(ROWS_MS - (Date.now() - last.current.rows), 50))
    return () => clearTimeout(timer)
    // A new frame must not restart the wait, or a steady stream would never be shown.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [on, paused, moved])
  return { state, waiting, dropped, show: refresh }
}
