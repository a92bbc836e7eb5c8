import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Activity, Bug, ScrollText } from 'lucide-react'
import { serviceErrorsQuery } from '@/api/errorQueries'
import { serviceMapQuery, serviceQuery } from '@/api/serviceQueries'
import type { SavedQuery, ServiceDetail } from '@/api/types'
import { answered } from '@/kit/answered'
import { ExportMenu } from '@/kit/ExportMenu'
import { printTerm } from '@/kit/filter'
import { compact, count, durationText } from '@/kit/format'
import { Page } from '@/kit/Page'
import { PinMenu } from '@/kit/PinMenu'
import { Failure, SkeletonRows, unanswered } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { TimeChart } from '@/kit/TimeChart'
import { RelativeTime } from '@/kit/values'
import { Crumb } from '@/kit/Crumb'
import { travelling, useView } from '@/kit/view'
import { ServiceErrors } from '../errors/ServiceErrors'
import { EdgeTable } from './EdgeTable'
import { BASIS_Q, Basis, ErrorShare, percent, Rate, Took } from './measures'
import './services.css'

const LIVE_MS = 10_000
const HEIGHT = 130

const QUANTILES = [
  { key: 'p50_ms', label: 'p50', colour: 'var(--cat-1)' },
  { key: 'p95_ms', label: 'p95', colour: 'var(--cat-0)' },
  { key: 'p99_ms', label: 'p99', colour: 'var(--cat-5)' },
] as const

/** One service: rate, errors, duration; by operation, by version; and its neighbours. */
export function ServicePage() {
  const { service = '' } = useParams({ strict: false })
  const { scope, live } = useView()
  const query = useQuery({ ...serviceQuery(scope, service), refetchInterval: live ? LIVE_MS : false })
  // They stand above its operations and would push these away when they come.
  const errors = useQuery(serviceErrorsQuery({ ...scope, q: only(service) }))
  return (
    <Page title={service} heading={<Head service={service} detail={query.data} />}>
      {unanswered(query, 16, 'Loading the service') ??
        (answered(errors) ? (
          <Detail detail={query.data!} />
        ) : (
          <SkeletonRows rows={16} label="Loading its errors" />
        ))}
    </Page>
  )
}

const only = (service: string): string =>
  printTerm({ negated: false, key: 'service', op: 'is', values: [service] })

function Head({ service, detail }: { service: string; detail: ServiceDetail | undefined }) {
  const { search, scope } = useView()
  const keep = travelling(search)
  const q = [only(service), keep.q].filter(Boolean).join(' ')
  return (
    <div className="k-band sv-head">
      <div className="row">
        <Crumb to="/services" label="Services" />
        <h1 className="k-title cut" title={service}>
          {service}
        </h1>
        <span className="grow" />
        <ExportMenu
          what="spans"
          scope={{ ...scope, q }}
          about="All spans of this service in this time"
          disabled={!detail}
        />
      </div>
      {/* The line is there before its words, as in the head of a model. */}
      {!detail ? (
        <p className="sv-facts">&nbsp;</p>
      ) : (
        <p className="sv-facts">
          <span>
            <Rate perSecond={detail.rate_per_s} /> <Basis basis={detail.basis} />
          </span>
          <span>
            <ErrorShare share={detail.error_rate} /> failed
          </span>
          <span>
            p50 <Took ms={detail.p50_ms} />
          </span>
          <span>
            p95 <Took ms={detail.p95_ms} />
          </span>
          <span>
            p99 <Took ms={detail.p99_ms} />
          </span>
          {detail.environments.length > 0 && <span className="quiet">{detail.environments.join(', ')}</span>}
          <span className="quiet">
            last seen <RelativeTime iso={detail.last_seen} />
          </span>
        </p>
      )}
      <p className="sv-facts">
        <Link to="/traces" search={{ ...keep, q }}>
          <Activity size={13} aria-hidden /> Traces
        </Link>
        <Link to="/traces" search={{ ...keep, q: `${q} status:error` }}>
          <Activity size={13} aria-hidden /> Failed traces
        </Link>
        <Link to="/errors" search={{ ...keep, q: only(service) }}>
          <Bug size={13} aria-hidden /> Errors
        </Link>
        <Link to="/logs" search={{ ...keep, q }}>
          <ScrollText size={13} aria-hidden /> Logs
        </Link>
      </p>
    </div>
  )
}

function Detail({ detail }: { detail: ServiceDetail }) {
  const { scope, live, setRange } = useView()
  const neighbours = useQuery(serviceMapQuery({ ...scope, q: '' }))
  const { trend } = detail
  const times = trend.times.map(isoToMs)
  const brush = (fromMs: number, toMs: number) =>
    setRange({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() })
  const chart = { times, intervalMs: trend.interval_ms, height: HEIGHT, onBrush: brush, sync: 'service' }
  const asked = askedOf(detail, scope.q)
  const near = neighbours.data
  const edges = near?.edges.filter((e) => e.source === detail.service || e.target === detail.service)
  return (
    <div className="k-scroll sv-page" tabIndex={0} role="region" aria-label="Service">
      <div className="sv-charts">
        <section>
          <Title
            text="Requests per second"
            name={`${detail.service}: requests per second`}
            query={{ ...asked, measure: 'rate' }}
          />
          <TimeChart
            {...chart}
            label="Requests per second"
            format={compact}
            series={[{ label: 'requests/s', colour: 'var(--cat-1)', values: trend.rate_per_s }]}
          />
        </section>
        <section>
          <Title
            text="Failed"
            name={`${detail.service}: failed`}
            query={{ ...asked, measure: 'error_rate' }}
          />
          <TimeChart
            {...chart}
            label="Share of failed requests"
            format={(v) => percent(v)}
            series={[{ label: 'failed', colour: 'var(--bad)', values: trend.error_rate }]}
          />
        </section>
        <section>
          <Title
            text="Duration"
            legend={QUANTILES}
            name={`${detail.service}: p95`}
            query={{ ...asked, measure: 'p95_ms' }}
          />
          <TimeChart
            {...chart}
            label="Duration"
            format={(v) => durationText(v)}
            series={QUANTILES.map(({ key, label, colour }) => ({ label, colour, values: trend[key] }))}
          />
        </section>
      </div>
      <ServiceErrors service={detail.service} live={live} />
      <Operations detail={detail} />
      <section className="sv-section">
        <h2>Neighbours</h2>
        {neighbours.isError ? (
          <Failure error={neighbours.error} retry={() => void neighbours.refetch()} />
        ) : !edges || !near ? (
          <SkeletonRows rows={4} label="Loading neighbours" />
        ) : edges.length ? (
          <EdgeTable edges={edges} nodes={near.nodes} />
        ) : (
          <p className="quiet">
            No span of this time goes to or comes from another service, database or host.
          </p>
        )}
      </section>
      <Versions detail={detail} />
    </div>
  )
}

/** The spans that count as requests of a service, as a question that a panel or a monitor can ask. */
function askedOf(detail: ServiceDetail, q: string): Extract<SavedQuery, { kind: 'spans' }> {
  return { kind: 'spans', q: [only(detail.service), BASIS_Q[detail.basis], q].filter(Boolean).join(' ') }
}

function Title(p: {
  text: string
  unit?: string
  /** The lines of the chart, by colour. */
  legend?: readonly { label: string; colour: string }[]
  name: string
  query: SavedQuery
}) {
  return (
    <div className="sv-title">
      <h2>
        {p.text} {p.unit && <span className="unit">{p.unit}</span>}
        {p.legend && (
          <span className="k-legend">
            {p.legend.map(({ label, colour }) => (
              <span key={label}>
                <i style={{ background: colour }} aria-hidden />
                {label}
              </span>
            ))}
          </span>
        )}
      </h2>
      <PinMenu small query={p.query} title={p.name} />
    </div>
  )
}

function Operations({ detail }: { detail: ServiceDetail }) {
  const { search } = useView()
  const keep = travelling(search)
  return (
    <section className="sv-section">
      <h2>
        Operations <span className="unit">{count(detail.operations.length)}</span>
      </h2>
      <div className="sv-wide" role="region" aria-label="Operations" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" className="num">
                Rate
              </th>
              <th scope="col" className="num">
                Errors
              </th>
              <th scope="col" className="num">
                p50
              </th>
              <th scope="col" className="num">
                p95
              </th>
              <th scope="col" className="num">
                p99
              </th>
            </tr>
          </thead>
          <tbody>
            {detail.operations.map((row) => {
              const name = printTerm({ negated: false, key: 'name', op: 'is', values: [row.name] })
              const q = [only(detail.service), name, keep.q].filter(Boolean).join(' ')
              return (
                <tr key={`${row.span_kind} ${row.name}`}>
                  <td>
                    <Link to="/traces" search={{ ...keep, q, view: 'spans', sort: '-duration_ms' }}>
                      {row.name || 'unnamed'}
                    </Link>{' '}
                    <span className="unit">{row.span_kind}</span>
                  </td>
                  <td className="num">
                    <Rate perSecond={row.rate_per_s} />
                  </td>
                  <td className="num">
                    <ErrorShare share={row.error_rate} />
                  </td>
                  <td className="num">
                    <Took ms={row.p50_ms} />
                  </td>
                  <td className="num">
                    <Took ms={row.p95_ms} />
                  </td>
                  <td className="num">
                    <Took ms={row.p99_ms} />
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

/** Side by side: did the new version make it slower, or fail more? */
function Versions({ detail }: { detail: ServiceDetail }) {
  if (detail.by_version.length === 1 && !detail.by_version[0]!.version) return null
  return (
    <section className="sv-section">
      <h2>Versions</h2>
      <div className="sv-wide" role="region" aria-label="Versions" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col" className="num">
                Requests
              </th>
              <th scope="col" className="num">
                Errors
              </th>
              <th scope="col" className="num">
                p50
              </th>
              <th scope="col" className="num">
                p95
              </th>
              <th scope="col" className="num">
                First seen here
              </th>
              <th scope="col" className="num">
                Last seen
              </th>
            </tr>
          </thead>
          <tbody>
            {detail.by_version.map((row) => (
              <tr key={row.version}>
                <td>{row.version || <span className="quiet">none named</span>}</td>
                <td className="num">{count(row.requests)}</td>
                <td className="num">
                  <ErrorShare share={row.error_rate} />
                </td>
                <td className="num">
                  <Took ms={row.p50_ms} />
                </td>
                <td className="num">
                  <Took ms={row.p95_ms} />
                </td>
                <td className="num">
                  <RelativeTime iso={row.first_seen} />
                </td>
                <td className="num">
                  <RelativeTime iso={row.last_seen} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
