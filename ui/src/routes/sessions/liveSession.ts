/** A session in progress: what arrives for it is shown by itself, and what runs is asked for until it ends. */
import { useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTail } from '@/api/live'
import type { SessionTurns, SpanRow } from '@/api/types'
import { is, printTerm } from '@/kit/filter'

const ROWS_MS = 1_500
const RUNNING_MS = 3_000

/** Beyond this, reading all of what is loaded again costs more than it tells; the head still counts. */
const MOST_PAGES = 5

/** How often to ask again: while any of the turns runs, since spans of a trace need not name its session. */
export function againAfter(pages: readonly SessionTurns[] = []): number | false {
  const running = pages.some((page) => page.rows.some((turn) => turn.trace.state === 'running'))
  return running && pages.length <= MOST_PAGES ? RUNNING_MS : false
}

/** Asks for the session and its turns again as soon as a span of it arrives, not more often than every 1.5 seconds. */
export function useLiveSession(project: string, id: string): void {
  const client = useQueryClient()
  const last = useRef(0)
  const [moved, setMoved] = useState(false)
  useTail<SpanRow>('/spans/tail', { project, q: printTerm(is('session_id', id)) }, id !== '', (frame) =>
    setMoved((before) => before || frame.rows.length > 0),
  )
  useEffect(() => {
    if (!moved) return
    const timer = setTimeout(
      () => {
        last.current = Date.now()
        setMoved(false)
        void client.invalidateQueries({ queryKey: ['/sessions/detail', project, id] })
        void client.invalidateQueries({
          queryKey: ['/sessions/turns', project, id],
          predicate: ({ state }) =>
            ((state.data as InfiniteData<SessionTurns> | undefined)?.pages.length ?? 0) <= MOST_PAGES,
        })
      },
      Math.max(ROWS_MS - (Date.now() - last.current), 50),
    )
    return () => clearTimeout(timer)
  }, [moved, client, project, id])
}
