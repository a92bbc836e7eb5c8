import { readPref, writePref } from '@/kit/prefs'

export interface Past {
  query: string
  at: number
}

const MOST = 50

export function readHistory(): Past[] {
  try {
    const parsed: unknown = JSON.parse(readPref('sql-history', '[]'))
    return Array.isArray(parsed) ? (parsed as Past[]).filter((p) => typeof p?.query === 'string') : []
  } catch {
    return []
  }
}

export function remember(query: string): void {
  const rest = readHistory().filter((past) => past.query !== query)
  writePref('sql-history', JSON.stringify([{ query, at: Date.now() }, ...rest].slice(0, MOST)))
}
