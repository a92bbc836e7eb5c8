/** Live tail over server-sent events, coalesced to animation frames. */
import { useEffect, useRef, useState } from 'react'
import { apiUrl, type Query } from './client'

export interface TailFrame<T> {
  rows: T[]
  dropped: number
}

export type TailState = 'off' | 'connecting' | 'open' | 'broken'

/**
 * Calls `onFrame` for each batch of rows while `enabled`.
 * The browser reconnects by itself and resumes from the last event id.
 */
export function useTail<T>(
  path: '/spans/tail' | '/logs/tail',
  query: Query,
  enabled: boolean,
  onFrame: (frame: TailFrame<T>) => void,
): TailState {
  const [state, setState] = useState<TailState>('off')
  const handler = useRef(onFrame)
  useEffect(() => {
    handler.current = onFrame
  })
  const url = apiUrl(path, query)
  const event = path === '/spans/tail' ? 'spans' : 'logs'
  useEffect(() => {
    if (!enabled) {
      setState('off')
      return
    }
    setState('connecting')
    const source = new EventSource(url)
    source.onopen = () => setState('open')
    source.onerror = () => setState(source.readyState === EventSource.CLOSED ? 'broken' : 'connecting')
    source.addEventListener(event, (message: MessageEvent<string>) => {
      handler.current(JSON.parse(message.data) as TailFrame<T>)
    })
    return () => source.close()
  }, [url, event, enabled])
  return state
}
