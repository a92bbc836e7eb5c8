/** How an evaluation and the ways to it are written, the same everywhere on the page. */
import { Link } from '@tanstack/react-router'
import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import type { EvaluationRow, ScoreDefinition } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { useView } from '@/kit/view'
import { number, verdict } from './meaning'

/** A filter and an order of the rows behind a number. */
export interface Behind {
  q?: string
  sort?: string | undefined
  span_key?: string
  span_value?: string
}

/** A number that leads to its rows: the page's filter stays, `behind` is what makes them this number's. */
export function ToRows({ behind, label, children }: { behind: Behind; label?: string; children: ReactNode }) {
  const { search, scope } = useView()
  const q = [behind.q, scope.q].filter(Boolean).join(' ')
  const to = {
    project: search.project,
    from: search.from,
    to: search.to,
    view: 'rows' as const,
    ...behind,
    q: q || undefined,
  }
  return (
    <Link to="/evaluations" search={to} aria-label={label}>
      {children}
    </Link>
  )
}

/** The score, with a word and an icon where it passes or not. */
export function Score({ row, definition }: { row: EvaluationRow; definition: ScoreDefinition | null }) {
  const passes = verdict(row, definition)
  const said = row.score == null ? row.label : number(row.score)
  if (row.problem) {
    return (
      <span className="k-badge warn" title={row.problem}>
        <TriangleAlert size={12} aria-label="flagged" />
        <Isolated text={row.raw.slice(0, 40) || 'none'} />
      </span>
    )
  }
  if (passes === null) return said ? <Isolated text={said.slice(0, 80)} /> : <span className="quiet">–</span>
  return (
    <span className={passes ? 'k-badge ok' : 'k-badge error'}>
      {passes ? (
        <CircleCheck size={12} aria-label="passes" />
      ) : (
        <CircleX size={12} aria-label="does not pass" />
      )}
      <Isolated text={said.slice(0, 80)} />
    </span>
  )
}

/** Who says so. */
export const author = (row: EvaluationRow): string => [row.source, row.evaluator].filter(Boolean).join(' · ')

/** Why, in one text. */
export const reason = (row: EvaluationRow): string => row.comment || row.explanation || row.problem

/** What it is about, as a link where there is a page for it. */
export function Target({ row, children }: { row: EvaluationRow; children?: ReactNode }) {
  const { search } = useView()
  const keep = { project: search.project, from: search.from, to: search.to }
  if (row.target_type === 'session') {
    return (
      <Link to="/sessions/one" search={{ ...keep, id: row.target_id } as never}>
        {children ?? 'session'}
      </Link>
    )
  }
  if (row.trace_id) {
    return (
      <Link
        to="/traces/$traceId"
        params={{ traceId: row.trace_id }}
        search={{ ...keep, ...(row.span_id && { span: row.span_id }) } as never}
      >
        {children ?? (row.span_id ? 'span' : 'trace')}
      </Link>
    )
  }
  if (row.response_id) {
    const q = `response_id:"${row.response_id.replaceAll(/["\\]/g, '\\$&')}"`
    return (
      <Link to="/traces" search={{ ...keep, view: 'spans', q }}>
        {children ?? 'response'}
      </Link>
    )
  }
  return <span className="quiet">{row.target_type}</span>
}
