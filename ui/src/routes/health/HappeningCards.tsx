import type { HealthReport } from '@/api/types'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { RelativeTime } from '@/kit/values'
import { ExportMenu } from '@/kit/ExportMenu'
import { useView } from '@/kit/view'
import { Card } from './Card'

/** What was changed lately: often the answer to what went wrong. */
export function ChangesCard({ changes }: { changes: HealthReport['changes'] }) {
  const { scope } = useView()
  const day = { project: scope.project, from: 'now-24h', to: 'now', q: '' }
  return (
    <Card
      title="Last changes"
      aside={
        changes.length > 0 && (
          <ExportMenu small what="changes" scope={day} about="Every change of the last 24 hours" />
        )
      }
    >
      {changes.length === 0 ? (
        <p className="quiet">
          None in the last 24 hours. Record one with <span className="mono">tapetum changes add</span>; new
          values of <span className="mono">service.version</span> are found by themselves.
        </p>
      ) : (
        <ul className="health-changes">
          {changes.map((change, i) => (
            <li key={i}>
              <span className="cut">
                {change.kind} <Isolated text={change.subject} />{' '}
                {change.before && <Isolated text={change.before} />} {change.after && '→ '}
                {change.after && <Isolated text={change.after} />}
              </span>
              <span className="quiet">
                <RelativeTime iso={change.time} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

const TONES: Record<string, string> = {
  firing: 'error',
  error: 'error',
  no_data: 'warn',
  pending: 'warn',
  ok: 'ok',
}

/** How many monitors are in which state. */
export function MonitorsCard({ monitors }: { monitors: HealthReport['monitors'] }) {
  return (
    <Card title="Monitors" path="/monitors">
      {monitors.length === 0 ? (
        <p className="quiet">No monitor was made in this project: nobody is called when something breaks.</p>
      ) : (
        <ul className="health-monitors">
          {monitors.map((one) => (
            <li key={one.state} className={`k-badge ${TONES[one.state] ?? 'quiet'}`}>
              {count(one.monitors)} {one.state.replace('_', ' ')}
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
