/** What one reader prefers on this device. Never part of a URL. */
import { useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
const memory = new Map<string, string>()

function read(key: string, fallback: string): string {
  try {
    return localStorage.getItem(`tapetum-${key}`) ?? fallback
  } catch {
    return memory.get(key) ?? fallback
  }
}

export function writePref(key: string, value: string): void {
  try {
    localStorage.setItem(`tapetum-${key}`, value)
  } catch {
    memory.set(key, value)
  }
  for (const listener of listeners) listener()
}

export const readPref = read

export function usePref(key: string, fallback: string): [string, (value: string) => void] {
  const value = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => read(key, fallback),
  )
  return [value, (next) => writePref(key, next)]
}

export function useUtc(): [boolean, (utc: boolean) => void] {
  const [zone, setZone] = usePref('zone', 'local')
  return [zone === 'utc', (utc) => setZone(utc ? 'utc' : 'local')]
}
