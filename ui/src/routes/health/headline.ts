/** The state of everything in one line, and which lines stand together. Pure. */
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

/** More lines than this of one kind are folded, so that they do not bury those of other kinds. */
export const MOST_OF_A_KIND = 4

type Kind = Pick<AttentionRow, 'rule' | 'severity' | 'muted'>

/** Lines of the same rule and severity together, in the order of the first of each. */
export function byKind<Row extends Kind>(rows: Row[]): { shown: Row[]; folded: Row[] }[] {
  const kinds = new Map<string, Row[]>()
  for (const row of rows) {
    const key = `${row.severity} ${row.rule} ${row.muted}`
    kinds.set(key, [...(kinds.get(key) ?? []), row])
  }
  return [...kinds.values()].map((of) => {
    const most = of.length > MOST_OF_A_KIND ? MOST_OF_A_KIND - 1 : of.length
    return { shown: of.slice(0, most), folded: of.slice(most) }
  })
}
