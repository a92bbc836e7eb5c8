/** What still runs in a trace, in words: for the head of the page, and for the panel of one span. */
import { Link } from '@tanstack/react-router'
import { AlertTriangle, CircleDashed } from 'lucide-react'
import { Isolated } from '@/kit/Isolated'
import type { NamedRunningSpan, RunningSpan } from '@/api/types'
import { said, troubled, useRunning, worstFirst, type Running } from './running'
import type { SpanTree } from './tree'
import './running.css'

const SHOWN = 3

/** The innermost spans that run; those around them only wait for these. */
export function RunningNow(p: { tree: SpanTree; running: Running; onSelect: (span: number) => void }) {
  const { tree, running } = p
  const index = new Map(tree.columns.span_id.map((id, i) => [id, i]))
  const waiting = new Set<number>()
  for (const id of running.keys()) {
    const span = index.get(id)
    if (span !== undefined && tree.parent[span]! >= 0) waiting.add(tree.parent[span]!)
  }
  const rows = [...running.values()]
    .map((one) => ({ one, span: index.get(one.span_id) ?? -1 }))
    .filter(({ span }) => span >= 0 && !waiting.has(span))
    .sort((a, b) => worstFirst(a.one, b.one))
  if (!rows.length) return null
  return (
    <ul className="t-running" aria-label="Still running">
      {rows.slice(0, SHOWN).map(({ one, span }) => (
        <li key={one.span_id} className={troubled(one) ? 'trouble' : undefined}>
          <Sign one={one} />
          <button type="button" onClick={() => p.onSelect(span)}>
            <Isolated text={tree.columns.name[span]!} />
          </button>
          <span>
            {said(one)}
            <Place one={one} />
          </span>
        </li>
      ))}
      {rows.length > SHOWN && <li className="quiet">and {rows.length - SHOWN} more that run</li>}
    </ul>
  )
}

/** What a trace waits for where its tree is not at hand; each leads to the span. */
export function RunningIn(p: { traceId: string; running: readonly NamedRunningSpan[]; project: string }) {
  if (!p.running.length) return null
  return (
    <ul className="t-running" aria-label="Still running">
      {p.running.map((one) => (
        <li key={one.span_id} className={troubled(one) ? 'trouble' : undefined}>
          <Sign one={one} />
          <Link
            to="/traces/$traceId"
            params={{ traceId: p.traceId }}
            search={{ project: p.project, span: one.span_id } as never}
          >
            <Isolated text={one.name.slice(0, 120) || 'unnamed'} />
          </Link>
          <span>
            {one.kind !== 'span' && <span className="quiet">{one.kind}, </span>}
            {said(one)}
            <Place one={one} />
          </span>
        </li>
      ))}
    </ul>
  )
}

/** The same of one span, with the stack that it last stood in. */
export function RunningSpanNow(p: { project: string; traceId: string; spanId: string }) {
  const one = useRunning(p.project, p.traceId, true).get(p.spanId)
  if (!one) return null
  return (
    <section className={`t-running panel${troubled(one) ? ' trouble' : ''}`} aria-label="Still running">
      <p>
        <Sign one={one} />
        <span>
          {said(one)}
          <Place one={one} />
        </span>
      </p>
      {one.stack && (
        <details>
          <summary>
            Where it stood{one.thread ? ', in ' : ''}
            {one.thread && <Isolated text={one.thread} />}
          </summary>
          <pre>{one.stack}</pre>
        </details>
      )}
    </section>
  )
}

function Sign({ one }: { one: RunningSpan }) {
  return troubled(one) ? (
    <AlertTriangle size={13} aria-label="trouble" />
  ) : (
    <CircleDashed size={13} aria-label="running" />
  )
}

function Place({ one }: { one: RunningSpan }) {
  if (!one.location) return null
  return (
    <>
      {one.liveness === 'silent' || one.liveness === 'exited' ? '; last at ' : ', at '}
      <code>
        <Isolated text={one.location} />
      </code>
    </>
  )
}
