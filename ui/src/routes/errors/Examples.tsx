import { Link } from '@tanstack/react-router'
import { Activity, ScrollText } from 'lucide-react'
import type { ErrorReport } from '@/api/types'
import { is, printTerm } from '@/kit/filter'
import { Isolated } from '@/kit/Isolated'
import { isoToMs } from '@/kit/time'
import { ClockTime, RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { recordKey } from '../logs/columns'

type Example = ErrorReport['examples'][number]
const AROUND_MS = 300_000

/** The newest occurrences, each with the way to its span and its log lines. */
export function Examples({ report }: { report: ErrorReport }) {
  return (
    <div className="er-wide" role="region" aria-label="Occurrences" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Look at</th>
            <th scope="col">Message</th>
            <th scope="col">Service</th>
            <th scope="col">Version</th>
            <th scope="col">Where</th>
          </tr>
        </thead>
        <tbody>
          {report.examples.map((example) => (
            <tr key={`${example.time} ${example.trace_id} ${example.span_id} ${example.log_id}`}>
              <td>
                <ClockTime iso={example.time} date />{' '}
                <span className="quiet">{<RelativeTime iso={example.time} />}</span>
              </td>
              <td>
                <Ways of={example} />
              </td>
              <td title={example.message}>
                {example.message ? <Isolated text={example.message} /> : <span className="quiet">–</span>}
              </td>
              <td>
                <Isolated text={example.service} />
              </td>
              <td>
                <Isolated text={example.version} />
              </td>
              <td title={example.name}>
                <Isolated text={example.name} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Ways({ of: example }: { of: Example }) {
  const { search } = useView()
  const at = isoToMs(example.time)
  const around = {
    project: search.project,
    from: new Date(at - AROUND_MS).toISOString(),
    to: new Date(at + AROUND_MS).toISOString(),
  }
  return (
    <span className="er-ways">
      {example.trace_id && (
        <Link
          to="/traces/$traceId"
          params={{ traceId: example.trace_id }}
          search={{ project: search.project, span: example.span_id || undefined }}
        >
          <Activity size={13} aria-hidden /> Trace
        </Link>
      )}
      {example.log_id ? (
        <Link
          to="/logs"
          search={{ ...around, sel: recordKey({ time: example.time, id: example.log_id }) } as never}
        >
          <ScrollText size={13} aria-hidden /> Log record
        </Link>
      ) : (
        example.trace_id && (
          <Link to="/logs" search={{ ...around, q: printTerm(is('trace_id', example.trace_id)) } as never}>
            <ScrollText size={13} aria-hidden /> Logs
          </Link>
        )
      )}
    </span>
  )
}
