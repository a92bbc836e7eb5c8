import { CheckCircle2, CircleSlash, Scissors, Trash2 } from 'lucide-react'
import type { IngestAnswer } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { count } from '@/kit/format'
import { RelativeTime } from '@/kit/values'
import { explain } from './reasons'

type Reason = IngestAnswer['reasons'][number]

const OUTCOMES: Record<string, { icon: typeof CircleSlash; word: string; tone: string }> = {
  refused: { icon: CircleSlash, word: 'refused', tone: 'error' },
  dropped: { icon: Trash2, word: 'left out', tone: 'warn' },
  truncated: { icon: Scissors, word: 'cut', tone: 'warn' },
}

/** Why records were refused, or kept incomplete: what happened, and what to do about it. */
export function Reasons({ reasons }: { reasons: Reason[] }) {
  const lost = reasons.filter((r) => r.outcome !== 'accepted').toSorted((a, b) => b.count - a.count)
  if (!lost.length) {
    return (
      <p className="ingest-fine">
        <span className="k-badge ok">
          <CheckCircle2 size={13} aria-hidden /> Everything that arrived was kept whole.
        </span>
      </p>
    )
  }
  return (
    <section className="ingest-section">
      <h2>
        Refused or incomplete <span className="unit">{lost.length}</span>
      </h2>
      <div className="ingest-wide" role="region" aria-label="Reasons" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Outcome</th>
              <th scope="col" className="num">
                Records
              </th>
              <th scope="col">Sender</th>
              <th scope="col">What happened</th>
              <th scope="col">What to do</th>
              <th scope="col" className="num">
                Last
              </th>
            </tr>
          </thead>
          <tbody>
            {lost.map((r) => (
              <Row key={`${r.project}/${r.sender}/${r.signal}/${r.outcome}/${r.reason}`} reason={r} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Row({ reason }: { reason: Reason }) {
  const { icon: Icon, word, tone } = OUTCOMES[reason.outcome] ?? OUTCOMES.refused!
  const said = explain(reason.reason, reason.outcome)
  return (
    <tr>
      <td>
        <span className={`k-badge ${tone}`}>
          <Icon size={13} aria-hidden /> {word}
        </span>
      </td>
      <td className="num">{count(reason.count)}</td>
      <td>
        <div className="cut ingest-sender" title={reason.sender}>
          <Isolated text={reason.sender || 'unknown'} />
          <span className="unit"> {reason.signal}</span>
        </div>
      </td>
      <td>
        {said.what} <span className="mono quiet">{reason.reason}</span>
        {reason.message && <div className="quiet ingest-message">{reason.message.slice(0, 500)}</div>}
      </td>
      <td>{said.todo}</td>
      <td className="num ingest-last">
        <RelativeTime iso={reason.last_time} />
      </td>
    </tr>
  )
}
