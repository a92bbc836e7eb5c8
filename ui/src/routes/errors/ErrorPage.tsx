import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { errorQuery } from '@/api/errorQueries'
import { ApiError } from '@/api/client'
import type { ErrorReport } from '@/api/types'
import { CopyId } from '@/kit/Copy'
import { ExportMenu } from '@/kit/ExportMenu'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Key } from '@/kit/Key'
import { is, printTerm } from '@/kit/filter'
import { LongerTimes } from '@/kit/NothingFound'
import { Page } from '@/kit/Page'
import { PinMenu } from '@/kit/PinMenu'
import { Failure, SkeletonRows } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { TimeChart } from '@/kit/TimeChart'
import { Value } from '@/kit/Value'
import { RelativeTime } from '@/kit/values'
import { Crumb } from '@/kit/Crumb'
import { useView } from '@/kit/view'
import { Examples } from './Examples'
import { ErrorTitle } from './ErrorTitle'
import { Began } from './facts'
import { StackTrace } from './StackTrace'
import './errors.css'

const LIVE_MS = 10_000

/** One error: what, where, since when and after which change, and where to look. */
export function ErrorPage() {
  const { fingerprint = '' } = useParams({ strict: false })
  const { scope, live, setQ } = useView()
  const query = useQuery({
    ...errorQuery(scope, fingerprint),
    placeholderData: keepPreviousData,
    refetchInterval: live ? LIVE_MS : false,
  })
  const report = query.data
  const missing = query.error instanceof ApiError && query.error.status === 404
  return (
    <Page title={report?.title ?? 'Error'} heading={<Head report={report} fingerprint={fingerprint} />}>
      {query.isPending ? (
        <SkeletonRows rows={16} label="Loading the error" />
      ) : query.isError && (!report || missing) ? (
        <Failure error={query.error} retry={() => void query.refetch()}>
          {missing && <LongerTimes />}
          {missing && scope.q && <Button onClick={() => setQ('')}>Clear the filter</Button>}
        </Failure>
      ) : (
        <Detail report={report!} />
      )}
    </Page>
  )
}

function Head({ report, fingerprint }: { report: ErrorReport | undefined; fingerprint: string }) {
  return (
    <div className="k-band er-head">
      <div className="row er-title">
        <Crumb to="/errors" label="Errors" />
        <h1 className="k-title">{report ? <ErrorTitle of={report} /> : <Isolated text={fingerprint} />}</h1>
      </div>
      {report && (
        <>
          <Began report={report} />
          <p className="er-facts">
            {report.culprit && (
              <span>
                in <code>{<Isolated text={report.culprit} />}</code>
              </span>
            )}
            <span>
              <b>{count(report.count)}</b> {report.count === 1 ? 'time' : 'times'} in this time
            </span>
            {report.unhandled > 0 && (
              <span className="er-unhandled">
                <b>{count(report.unhandled)}</b> unhandled
              </span>
            )}
            {report.traces > 0 && (
              <span>
                <b>{count(report.traces)}</b> {report.traces === 1 ? 'trace' : 'traces'}
              </span>
            )}
            {report.users > 0 && (
              <span>
                <b>{count(report.users)}</b> {report.users === 1 ? 'user' : 'users'}
              </span>
            )}
            <span className="quiet">
              <CopyId id={report.fingerprint} label="fingerprint" />
            </span>
          </p>
        </>
      )}
    </div>
  )
}

function Detail({ report }: { report: ErrorReport }) {
  const { scope, setRange } = useView()
  const { trend } = report
  const q = [printTerm(is('fingerprint', report.fingerprint)), scope.q].filter(Boolean).join(' ')
  const attributes = Object.entries(report.attributes)
  return (
    <div className="k-scroll er-page" tabIndex={0} role="region" aria-label="Error">
      <div className="er-legend">
        <span className="quiet">Occurrences over time</span>
        <span className="grow" />
        <PinMenu
          small
          query={{ kind: 'errors', q, measure: 'count' }}
          chart="bar"
          title={report.title.slice(0, 120)}
        />
        <ExportMenu
          small
          what="errors"
          scope={{ ...scope, q }}
          about="Every occurrence of this error in this time"
        />
      </div>
      <TimeChart
        label="Occurrences over time"
        times={trend.times.map(isoToMs)}
        series={[{ label: 'occurrences', colour: 'var(--bad)', kind: 'bar', values: trend.counts }]}
        height={110}
        intervalMs={trend.interval_ms}
        sync="error"
        onBrush={(from, to) =>
          setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
        }
      />
      <div className="er-columns">
        <div className="er-main">
          <section className="er-section">
            <h2>Stack trace</h2>
            <StackTrace report={report} />
          </section>
          <section className="er-section">
            <h2>
              Occurrences <span className="unit">the newest {count(report.examples.length)}</span>
            </h2>
            <Examples report={report} />
          </section>
        </div>
        <div className="er-side">
          <Shares title="Versions" k="version" of={report.by_version} />
          <Shares title="Services" k="service" of={report.by_service} />
          <Shares title="Environments" k="environment" of={report.by_environment} />
          {attributes.length > 0 && (
            <section className="er-section">
              <h2>
                Attributes <span className="unit">of the newest</span>
              </h2>
              <dl className="er-attributes">
                {attributes.map(([key, value]) => (
                  <div key={key}>
                    <dt title={key}>
                      <Key name={key} />
                    </dt>
                    <dd>
                      <Value k={key} v={value} signal="errors" />
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          )}
        </div>
      </div>
    </div>
  )
}

function Shares(p: { title: string; k: string; of: ErrorReport['by_version'] }) {
  const named = p.of.some((share) => share.value)
  if (!named) return null
  const most = Math.max(1, ...p.of.map((share) => share.count))
  return (
    <section className="er-section">
      <h2>{p.title}</h2>
      <ul className="er-shares">
        {p.of.map((share) => (
          <li key={share.value}>
            <i style={{ width: `${(share.count / most) * 100}%` }} aria-hidden />
            <span className="grow cut">
              {share.value ? (
                <Value k={p.k} v={share.value} signal="errors" />
              ) : (
                <span className="quiet">none named</span>
              )}
            </span>
            <span className="quiet">
              <RelativeTime iso={share.last_seen} />
            </span>
            <b className="num">{count(share.count)}</b>
          </li>
        ))}
      </ul>
    </section>
  )
}
