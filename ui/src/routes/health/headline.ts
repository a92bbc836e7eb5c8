/** The state of everything in one line. Pure. */
import type { AttentionRow } from '@/api/types'

export function headline(rows: Pick<AttentionRow, 'severity' | 'muted'>[]): string {
  const awake = rows.filter((row) => !row.muted)
  const of = (severity: AttentionRow['severity']) => awake.filter((row) => row.severity === severity).length
  const [critical, warning] = [of('critical'), of('warning')]
  if (!critical && !warning) return 'Nothing needs attention'
  const said = []
  if (critical) said.push(`${critical} critical`)
  if (warning) said.push(`${warning} ${warning === 1 ? 'warning' : 'warnings'}`)
  return said.join(', ')
}
