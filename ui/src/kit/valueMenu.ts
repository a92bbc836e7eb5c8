/** One menu for every value anywhere; the shell hosts it. */
import { useSyncExternalStore } from 'react'

export type Signal = 'spans' | 'logs' | 'metrics' | 'errors'

export interface ValueMenuRequest {
  key: string
  value: string
  signal: Signal
  anchor: DOMRect
}

let open: ValueMenuRequest | null = null
const listeners = new Set<() => void>()

export function openValueMenu(request: ValueMenuRequest | null): void {
  open = request
  for (const listener of listeners) listener()
}

export function useValueMenuRequest(): ValueMenuRequest | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => open,
  )
}
