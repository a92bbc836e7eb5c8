import { AlertOctagon, AlertTriangle, BellOff, CheckCircle2, Info, type LucideIcon } from 'lucide-react'
import { Fragment } from 'react'
import type { AttentionRow, HealthReport } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { RelativeTime } from '@/kit/values'
import { Go } from './Go'
import { byKind, headline } from './headline'

const SAID: Record<AttentionRow['severity'], { icon: LucideIcon; word: string }> = {
  critical: { icon: AlertOctagon, word: 'Critical' },
  warning: { icon: AlertTriangle, word: 'Warning' },
  info: { icon: Info, word: 'To know' },
}

/** The worst first: how bad, what exactly, since when, what to do. The sentence is the link. */
export function Attention({ report }: { report: HealthReport }) {
  const { attention, state } = report
  return (
    <section className="health-attention" aria-labelledby="health-headline">
      <p className={`health-headline ${state}`} id="health-headline" role="status">
        {(state === 'ok' || state === 'info') && <CheckCircle2 size={16} aria-hidden />}
        {headline(attention)}{' '}
        <span className="quiet">
          looked <RelativeTime iso={report.time} />
        </span>
      </p>
      {attention.length > 0 && (
        <ol className="health-lines" aria-label="What needs attention">
          {byKind(attention).map(({ shown, folded }) => (
            <Fragment key={`${shown[0]!.severity} ${shown[0]!.rule} ${shown[0]!.muted}`}>
              <Lines rows={shown} />
              {folded.length > 0 && (
                <li className="health-folded">
                  <details>
                    <summary>{folded.length} more of this kind</summary>
                    <ol className="health-lines">
                      <Lines rows={folded} />
                    </ol>
                  </details>
                </li>
              )}
            </Fragment>
          ))}
        </ol>
      )}
      {report.left_out > 0 && <p className="quiet">And {report.left_out} more lines.</p>}
    </section>
  )
}

function Lines({ rows }: { rows: AttentionRow[] }) {
  return rows.map((row, i) => <Line key={`${row.subject} ${i}`} row={row} />)
}

function Line({ row }: { row: AttentionRow }) {
  const { icon: Icon, word } = row.muted ? { icon: BellOff, word: 'Muted' } : SAID[row.severity]
  return (
    <li className={row.muted ? 'health-line muted' : `health-line ${row.severity}`}>
      <span className="health-severity">
        <Icon size={14} aria-hidden /> {word}
      </span>
      <span className="health-said">
        <Go link={row.link}>
          <Isolated text={row.text} />
        </Go>
        <span className="health-next">
          <Isolated text={row.next} />
          {row.links.map((link) => (
            <Go key={link.path} link={link} className="health-also">
              {link.label}
            </Go>
          ))}
        </span>
      </span>
      <span className="health-since">
        {row.since && (
          <>
            began <RelativeTime iso={row.since} />
          </>
        )}
      </span>
    </li>
  )
}
