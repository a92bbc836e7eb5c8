import type { IngestAnswer } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { count } from '@/kit/format'
import { RelativeTime } from '@/kit/values'

type Redacted = IngestAnswer['redacted'][number]

/** Secrets that senders let slip and that were not stored: whose they were, so that the sender can be mended. */
export function RedactedPlaces({ redacted }: { redacted: Redacted[] }) {
  if (!redacted.length) return null
  return (
    <section className="ingest-section">
      <h2>
        Redacted before storing <span className="unit">{redacted.length}</span>
      </h2>
      <div className="ingest-wide" role="region" aria-label="Redacted" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col" className="num">
                Places
              </th>
              <th scope="col">Sender</th>
              <th scope="col" className="num">
                Last
              </th>
            </tr>
          </thead>
          <tbody>
            {redacted.map((r) => (
              <tr key={`${r.project}/${r.sender}/${r.signal}/${r.rule}`}>
                <td className="mono">{r.rule}</td>
                <td className="num">{count(r.count)}</td>
                <td>
                  <div className="cut ingest-sender" title={r.sender}>
                    <Isolated text={r.sender || 'unknown'} />
                    <span className="unit"> {r.signal}</span>
                  </div>
                </td>
                <td className="num ingest-last">
                  <RelativeTime iso={r.last_time} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
