/** The live tail as rows on the page: what is shown, what waits while paused, and what was lost. */
import { useCallback, useEffect, useReducer } from 'react'
import { useTail, type TailFrame, type TailState } from '@/api/live'
import type { LogRow } from '@/api/types'

/** A browser tab holds this many; the store holds the rest. */
export const TAIL_LIMIT = 5000

interface State {
  rows: LogRow[]
  held: LogRow[]
  /** Rows that the server could not send fast enough, as it counts them. */
  dropped: number
  /** Older rows have left the page, so that rows from before the tail would not join up. */
  overflown: boolean
}

type Action =
  { type: 'frame'; frame: TailFrame<LogRow>; paused: boolean } | { type: 'release' } | { type: 'clear' }

const NOTHING: State = { rows: [], held: [], dropped: 0, overflown: false }

function prepend(fresh: LogRow[], old: LogRow[]): { rows: LogRow[]; overflown: boolean } {
  const rows = [...fresh, ...old]
  return { rows: rows.slice(0, TAIL_LIMIT), overflown: rows.length > TAIL_LIMIT }
}

export function reduce(state: State, action: Action): State {
  if (action.type === 'clear') return NOTHING
  if (action.type === 'release') {
    if (!state.held.length) return state
    const { rows, overflown } = prepend(state.held, state.rows)
    return { ...state, rows, held: [], overflown: state.overflown || overflown }
  }
  const fresh = action.frame.rows.toSorted((a, b) => (a.time < b.time ? 1 : -1))
  const dropped = state.dropped + action.frame.dropped
  const target = action.paused ? state.held : state.rows
  const { rows, overflown } = prepend(fresh, target)
  const next = { ...state, dropped, overflown: state.overflown || overflown }
  return action.paused ? { ...next, held: rows } : { ...next, rows }
}

export interface LogTail extends State {
  state: TailState
  release: () => void
}

export function useLogTail(project: string, q: string, live: boolean, paused: boolean): LogTail {
  const [data, dispatch] = useReducer(reduce, NOTHING)
  useEffect(() => dispatch({ type: 'clear' }), [project, q, live])
  const state = useTail<LogRow>('/logs/tail', { project, q }, live, (frame) =>
    dispatch({ type: 'frame', frame, paused }),
  )
  const release = useCallback(() => dispatch({ type: 'release' }), [])
  return { ...data, state, release }
}
