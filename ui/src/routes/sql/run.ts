/** Runs one statement at a time; a new run or a cancel stops the one before, here and on the server. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { api, ApiError, request } from '@/api/client'
import type { SqlAnswer } from '@/api/types'
import { downloadBlob } from '@/kit/download'

export const MAX_ROWS = 10_000

export interface Run {
  answer: SqlAnswer | null
  /** The statement that `answer` or `error` belongs to. */
  query: string
  error: unknown
  running: boolean
  startedAt: number
  cancelled: boolean
}

const IDLE: Run = { answer: null, query: '', error: null, running: false, startedAt: 0, cancelled: false }

export function useSqlRun(project: string) {
  const [run, setRun] = useState<Run>(IDLE)
  const active = useRef<{ id: string; abort: AbortController } | null>(null)

  const cancel = useCallback(() => {
    const current = active.current
    if (!current) return
    active.current = null
    current.abort.abort()
    // The connection is gone; the server is told so that the query stops too.
    void api.delete(`/sql/${current.id}`).catch(() => undefined)
    setRun((old) => ({ ...old, running: false, cancelled: true }))
  }, [])

  const start = useCallback(
    async (query: string) => {
      cancel()
      const mine = { id: newId(), abort: new AbortController() }
      active.current = mine
      setRun((old) => ({ ...IDLE, answer: old.answer, query, running: true, startedAt: Date.now() }))
      try {
        const answer = await api.post<SqlAnswer>(
          '/sql',
          { query, format: 'json', project, max_rows: MAX_ROWS, query_id: mine.id },
          mine.abort.signal,
        )
        if (active.current === mine) setRun({ ...IDLE, query, answer })
      } catch (error) {
        if (active.current === mine) setRun({ ...IDLE, query, error })
      } finally {
        if (active.current === mine) active.current = null
      }
    },
    [cancel, project],
  )
  // Leaving the page stops the query.
  useEffect(() => cancel, [cancel])
  return { run, start, cancel }
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')
}

export async function download(query: string, project: string, format: 'csv' | 'parquet'): Promise<void> {
  const response = await request('POST', '/sql', { body: { query, format, project } })
  downloadBlob(`tapetum.${format}`, await response.blob())
}

export function asCurl(query: string, project: string, origin: string): string {
  const body = JSON.stringify({ query, format: 'json', project })
  return `curl -s ${origin}/api/v1/sql -H 'content-type: application/json' \\\n  --data-raw '${body.replace(/'/g, `'\\''`)}'`
}

export const isRefused = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.code === 'sql_refused'
