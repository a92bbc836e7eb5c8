/** Severity by icon, word and hue together: never by colour alone. */
import { Bug, CircleAlert, CircleDot, Footprints, Info, OctagonX, TriangleAlert } from 'lucide-react'
import type { LogRow } from '@/api/types'
import { SEVERITIES, severityOf, type Severity as Level } from '@/kit/severity'

/** The first OTLP severity number of each level. */
export const FIRST_NUMBER: Record<Level, number> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
}

const ICONS = {
  trace: Footprints,
  debug: Bug,
  info: Info,
  warn: TriangleAlert,
  error: CircleAlert,
  fatal: OctagonX,
}

/** The level by number; senders that give none are known by their word, else not at all. */
export function levelOf(row: Pick<LogRow, 'severity' | 'severity_number'>): Level | null {
  const known = severityOf(row.severity_number)
  return known ?? SEVERITIES.find((level) => level === row.severity.toLowerCase()) ?? null
}

export function Severity({ row }: { row: Pick<LogRow, 'severity' | 'severity_number'> }) {
  const level = levelOf(row)
  if (!level) {
    return (
      <span className="logs-sev" title="The sender gave no severity">
        <CircleDot size={12} aria-hidden />
        <span className="cut">{row.severity || 'none'}</span>
      </span>
    )
  }
  const Icon = ICONS[level]
  return (
    <span className={`logs-sev ${level}`}>
      <Icon size={12} aria-hidden />
      {level}
    </span>
  )
}

export const tone = (row: LogRow): string => {
  const level = levelOf(row)
  return level === 'error' || level === 'fatal' ? 'error' : level === 'warn' ? 'warn' : ''
}
