/** The series of a monitor, its history, and whom it told. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ExternalLink } from 'lucide-react'
import { deliveriesQuery, MOST_ALERTS } from '@/api/monitorQueries'
import type { AlertRow, DeliveryRow, MonitorRow } from '@/api/types'
import { durationText } from '@/kit/format'
import { labelOf } from '@/kit/metricSeries'
import { Failure, SkeletonRows } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import type { Scale } from '@/kit/units'
import { ClockTime, RelativeTime } from '@/kit/values'
import { around, rowsBehind } from './rows'
import { subjectOf } from './periods'
import { State } from './State'
import { EVENTS } from './words'

const withUnit = (scale: Scale, value: number | null): string =>
  value === null ? '–' : `${scale.format(value)}${scale.unit ? ` ${scale.unit}` : ''}`

export function SeriesTable({ row, scale }: { row: MonitorRow; scale: Scale }) {
  const grouped = row.alerts.filter((alert) => Object.keys(alert.labels).length > 0)
  if (grouped.length === 0) return null
  return (
    <section className="mo-section">
      <h2>Series</h2>
      <div className="mo-wide" role="region" aria-label="Series" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Series</th>
              <th scope="col" className="num">
                Value
              </th>
              <th scope="col" className="num">
                Since
              </th>
              <th scope="col">
                <span className="sr-only">Rows</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {grouped.map((alert) => (
              <tr key={subjectOf(alert.labels)}>
                <td>
                  <State state={alert.state} />
                </td>
                <td className="cut" title={subjectOf(alert.labels)}>
                  {labelOf(alert.labels, '')}
                </td>
                <td className="num">{withUnit(scale, alert.value)}</td>
                <td className="num">
                  <RelativeTime iso={alert.since} />
                </td>
                <td className="num">
                  <Rows
                    row={row}
                    labels={alert.labels}
                    time={
                      alert.state === 'ok'
                        ? { from: 'now-1h', to: 'now' }
                        : around(isoToMs(alert.since), null)
                    }
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {grouped.length >= 100 && (
        <p className="quiet">Only 100 series are watched and shown: group by less.</p>
      )}
    </section>
  )
}

function Rows(p: { row: MonitorRow; labels: Record<string, string>; time: { from: string; to: string } }) {
  const elsewhere = rowsBehind(p.row.definition.query, p.labels, p.row.project, p.time)
  return (
    <Link
      to={elsewhere.to}
      search={elsewhere.search as never}
      aria-label={`Rows: ${elsewhere.label} at this time`}
    >
      <ExternalLink size={12} aria-hidden /> Rows
    </Link>
  )
}

export function History(p: { row: MonitorRow; rows: AlertRow[]; scale: Scale }) {
  const labels = new Map(p.row.alerts.map((alert) => [subjectOf(alert.labels), alert.labels]))
  return (
    <section className="mo-section">
      <h2>History</h2>
      {p.rows.length === 0 ? (
        <p className="quiet">
          Its state did not change in this time. Take a longer one to see what was before.
        </p>
      ) : (
        <div className="mo-wide" role="region" aria-label="History" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Became</th>
                <th scope="col">After</th>
                <th scope="col">Series</th>
                <th scope="col" className="num">
                  Value
                </th>
                <th scope="col" className="num">
                  For
                </th>
                <th scope="col">Why</th>
                <th scope="col">
                  <span className="sr-only">Rows</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {p.rows.map((alert) => {
                const start = isoToMs(alert.started_at)
                const end = alert.ended_at === null ? null : isoToMs(alert.ended_at)
                return (
                  <tr key={alert.alert_id}>
                    <td>
                      <ClockTime iso={alert.started_at} date />
                    </td>
                    <td>
                      <State state={alert.state} />
                    </td>
                    <td>
                      <State state={alert.previous_state} />
                    </td>
                    <td className="cut" title={alert.subject}>
                      {alert.subject || <span className="quiet">–</span>}
                    </td>
                    <td className="num">{withUnit(p.scale, alert.value)}</td>
                    <td className="num">
                      {end === null ? <span className="quiet">still</span> : durationText(end - start)}
                    </td>
                    <td className="cut quiet" title={alert.evidence}>
                      {alert.evidence === p.row.condition_text ? '' : alert.evidence}
                    </td>
                    <td className="num">
                      {alert.state !== 'ok' && (
                        <Rows
                          row={p.row}
                          labels={labels.get(alert.subject) ?? {}}
                          time={around(start, end)}
                        />
                      )}
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
      {p.rows.length >= MOST_ALERTS && (
        <p className="quiet">Only the newest {MOST_ALERTS} changes are shown: take a shorter time.</p>
      )}
    </section>
  )
}

const STATUS: Record<string, [word: string, tone: string]> = {
  delivered: ['delivered', 'ok'],
  given_up: ['given up', 'error'],
  waiting: ['waiting', 'warn'],
}

export function Deliveries({ row }: { row: MonitorRow }) {
  const query = useQuery({ ...deliveriesQuery(row.id), refetchInterval: 5_000 })
  return (
    <section className="mo-section">
      <h2>Notifications</h2>
      <p className="quiet">
        {row.webhook ? (
          <>
            To <span className="mono">{row.webhook.url}</span>
            {row.webhook.signed ? ', signed' : ', not signed'}
            {row.webhook.headers.length > 0 && `, with ${row.webhook.headers.join(', ')}`}
          </>
        ) : (
          'It has no webhook: it shows here and tells nobody.'
        )}
      </p>
      {query.isPending ? (
        <SkeletonRows rows={3} label="Loading notifications" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : query.data.rows.length > 0 ? (
        <div className="mo-wide" role="region" aria-label="Notifications" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Made</th>
                <th scope="col">Event</th>
                <th scope="col">Came of it</th>
                <th scope="col" className="num">
                  Tried
                </th>
                <th scope="col">Answer</th>
                <th scope="col">Said</th>
              </tr>
            </thead>
            <tbody>
              {query.data.rows.map((delivery) => (
                <Delivery key={delivery.id} delivery={delivery} />
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        row.webhook && (
          <p className="quiet">Nobody was told anything yet. “Send a test” shows whether it works.</p>
        )
      )}
    </section>
  )
}

function Delivery({ delivery }: { delivery: DeliveryRow }) {
  const [word, tone] = STATUS[delivery.status] ?? [delivery.status, 'quiet']
  const said = typeof delivery.body.text === 'string' ? delivery.body.text : ''
  return (
    <tr>
      <td>
        <ClockTime iso={delivery.created_at} date />
      </td>
      <td>{EVENTS[delivery.event] ?? delivery.event}</td>
      <td>
        <span className={`k-badge ${tone}`}>{word}</span>
        {delivery.next_at && delivery.attempts > 0 && (
          <span className="quiet">
            , again <RelativeTime iso={delivery.next_at} />
          </span>
        )}
      </td>
      <td className="num">{delivery.attempts}</td>
      <td className="cut" title={delivery.outcome}>
        {delivery.outcome || <span className="quiet">–</span>}
      </td>
      <td className="cut quiet" title={said}>
        {said}
      </td>
    </tr>
  )
}
