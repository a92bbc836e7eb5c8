import { Moon } from 'lucide-react'
import type { IngestAnswer } from '@/api/types'
import { count } from '@/kit/format'
import { useNow } from '@/kit/hooks'
import { isoToMs } from '@/kit/time'
import { RelativeTime } from '@/kit/values'
import { QUIET_MS } from './summary'

type Sender = IngestAnswer['senders'][number]

const NOUN: Record<string, string> = { traces: 'spans', logs: 'log records', metrics: 'metric points' }

/** One line per sender and signal; those that lose records stand first, then the busiest. */
export function Senders({ senders }: { senders: Sender[] }) {
  const now = useNow()
  const projects = new Set(senders.map((s) => s.project)).size > 1
  const sorted = senders.toSorted(
    (a, b) => b.refused - a.refused || b.accepted - a.accepted || a.sender.localeCompare(b.sender),
  )
  return (
    <section className="ingest-section">
      <h2>
        Senders <span className="unit">{new Set(senders.map((s) => s.sender)).size}</span>
      </h2>
      <div className="ingest-wide" role="region" aria-label="Senders" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Sender</th>
              {projects && <th scope="col">Project</th>}
              <th scope="col">Signal</th>
              <th scope="col" className="num">
                Kept
              </th>
              <th scope="col" className="num">
                Refused
              </th>
              <th scope="col" className="num">
                Left out
              </th>
              <th scope="col" className="num">
                Cut
              </th>
              <th scope="col" className="num">
                Last seen
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((s) => {
              const quiet = now - isoToMs(s.last_time) > QUIET_MS
              return (
                <tr key={`${s.project}/${s.sender}/${s.signal}`} className={s.refused ? 'lossy' : ''}>
                  <td>
                    <div className="cut ingest-sender" title={s.sender}>
                      {s.sender || 'unknown'}
                    </div>
                  </td>
                  {projects && <td>{s.project}</td>}
                  <td className="quiet">{NOUN[s.signal] ?? s.signal}</td>
                  <td className="num">{count(s.accepted)}</td>
                  <Loss n={s.refused} tone="error" />
                  <Loss n={s.dropped} tone="warn" />
                  <Loss n={s.truncated} tone="warn" />
                  <td className="num ingest-last">
                    {quiet && (
                      <span className="k-badge warn" title="Nothing for 5 minutes or more">
                        <Moon size={12} aria-hidden /> silent{' '}
                      </span>
                    )}{' '}
                    <RelativeTime iso={s.last_time} />
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Loss({ n, tone }: { n: number; tone: string }) {
  return (
    <td className="num">
      {n ? <span className={`k-badge ${tone}`}>{count(n)}</span> : <span className="quiet">0</span>}
    </td>
  )
}
