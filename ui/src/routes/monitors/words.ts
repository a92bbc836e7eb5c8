/** States, severities and notifications in words. */
import type { MonitorRow, MonitorState } from '@/api/types'

export const WORDS: Record<string, string> = {
  firing: 'Firing',
  error: 'Cannot look',
  no_data: 'No data',
  pending: 'Pending',
  waiting: 'Not looked at yet',
  ok: 'OK',
  disabled: 'Disabled',
}

/** What needs somebody comes first. */
export const STATES: MonitorState[] = ['firing', 'error', 'no_data', 'pending', 'waiting', 'ok', 'disabled']

const SEVERITIES = ['critical', 'warning', 'info']

export function worstFirst(a: MonitorRow, b: MonitorRow): number {
  return (
    STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
    Number(a.muted) - Number(b.muted) ||
    SEVERITIES.indexOf(a.definition.severity ?? 'warning') -
      SEVERITIES.indexOf(b.definition.severity ?? 'warning') ||
    a.name.localeCompare(b.name)
  )
}

/** The server's sentence without its beginning, which is the same everywhere. */
export const watched = (row: MonitorRow): string => row.condition_text.replace(/^Fires when /, '')

export const EVENTS: Record<string, string> = {
  firing: 'Firing',
  no_data: 'No data',
  error: 'Cannot look',
  resolved: 'Resolved',
  test: 'Test',
}
export const OPERATORS: Record<string, string> = {
  '>': 'above',
  '>=': 'at or above',
  '<': 'below',
  '<=': 'at or below',
}
