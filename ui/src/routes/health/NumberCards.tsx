import { useQuery } from '@tanstack/react-query'
import { projectsQuery } from '@/api/adminQueries'
import type { HealthReport } from '@/api/types'
import { compact, count, durationText } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { PinMenu } from '@/kit/PinMenu'
import { PinShipped } from '@/kit/PinShipped'
import { NotEnoughData } from '@/kit/states'
import { BASIS_Q, ErrorShare, Rate, Took } from '@/routes/services/measures'
import { Bar } from './Bar'
import { Card, Figure } from './Card'

/** Requests, failures and durations of everything. */
export function TrafficCard({ traffic }: { traffic: HealthReport['traffic'] }) {
  const pin = (measure: 'rate' | 'error_rate' | 'p95_ms', title: string) => (
    <PinMenu small query={{ kind: 'spans', q: BASIS_Q[traffic.basis ?? 'spans'], measure }} title={title} />
  )
  return (
    <Card title="Traffic" to="/services" aside={traffic.requests > 0 && 'last 5 min, shape of an hour'}>
      {traffic.requests === 0 ? (
        <NotEnoughData title="No spans in the last hour" />
      ) : (
        <>
          <Figure
            name={traffic.basis === 'requests' ? 'Requests' : traffic.basis === 'traces' ? 'Traces' : 'Spans'}
            values={traffic.rate_per_s}
            pin={pin('rate', 'Requests')}
          >
            <Rate perSecond={traffic.now_rate_per_s} />
          </Figure>
          <Figure
            name="Errors"
            values={traffic.error_rate}
            least={0.05}
            pin={pin('error_rate', 'Failed requests')}
            colour={traffic.now_error_rate ? 'var(--bad)' : 'var(--text-3)'}
          >
            {traffic.now_error_rate === null ? (
              <span className="quiet">–</span>
            ) : (
              <ErrorShare share={traffic.now_error_rate} />
            )}
          </Figure>
          <Figure name="p95" values={traffic.p95_ms} pin={pin('p95_ms', 'p95 of requests')}>
            <Took ms={traffic.now_p95_ms} />
          </Figure>
        </>
      )}
    </Card>
  )
}

function PinIngest(p: { panel: string; title: string }) {
  return <PinShipped dashboard="ingest" chosen={EVERY_SENDER} chart="area" {...p} />
}

const EVERY_SENDER = { sender: [] }
const SIGNALS = [
  ['Spans', 'traces'],
  ['Logs', 'logs'],
  ['Metrics', 'metrics'],
] as const

/** What arrives, what does not, and how late. */
export function IngestNumbers({ ingest }: { ingest: HealthReport['ingest'] }) {
  const { buckets } = ingest.series
  const seconds = ingest.series.interval_ms / 1000
  // The minute that runs is not over, and counts are a few seconds behind.
  const whole = buckets.slice(0, -1)
  const latest = whole.slice(-5)
  const slowest = ingest.lag[0]
  const lost = ingest.refused
  return (
    <Card title="Ingest" to="/ingest" aside="records, last 5 min">
      {SIGNALS.map(([name, signal]) => (
        <Figure
          key={signal}
          name={name}
          values={whole.map((b) => b[signal])}
          pin={<PinIngest panel="accepted-by-signal" title={`${name} and other records by signal`} />}
        >
          <Rate
            perSecond={
              latest.length ? latest.reduce((sum, b) => sum + b[signal], 0) / latest.length / seconds : 0
            }
          />
        </Figure>
      ))}
      <Figure
        name="Refused"
        values={whole.map((b) => b.refused)}
        pin={<PinIngest panel="refused-by-reason" title="Refused records by reason" />}
        colour={lost ? 'var(--bad)' : 'var(--text-3)'}
      >
        <span className={lost ? 'k-badge error' : 'quiet'}>{count(lost)}</span>
        <span className="unit">/h</span>
      </Figure>
      <Figure name="Lag p50">
        {slowest ? (
          <>
            <span>{lagText(slowest.p50_s)}</span>
            <span className="unit cut">
              slowest: <Isolated text={slowest.service || 'unnamed'} />
            </span>
          </>
        ) : (
          <span className="quiet">–</span>
        )}
      </Figure>
    </Card>
  )
}

const lagText = (seconds: number): string =>
  `${seconds < 0 ? '−' : ''}${durationText(Math.max(1, Math.abs(seconds) * 1000))}`

/** The store's disk, and how long what is in it stays. */
export function StoreCard({ disk, project }: { disk: HealthReport['disk']; project: string }) {
  const projects = useQuery(projectsQuery)
  const kept = projects.data?.projects.find((p) => p.name === project)?.retention
  return (
    <Card title="Disk and retention" to="/settings">
      {disk && (
        <Bar
          name="Disk"
          share={disk.used_percent / 100}
          limit={disk.full_percent / 100}
          note={`ingest pauses at ${compact(disk.full_percent)} %`}
        />
      )}
      {disk && (
        <p className="quiet">
          {disk.full_in_s === null
            ? 'It does not grow, or it is too early to say.'
            : `At the present rate ingest pauses in ${durationText(disk.full_in_s * 1000)}.`}
        </p>
      )}
      {kept && (
        <p className="quiet">
          Kept: traces {kept.traces} d, logs {kept.logs} d, metrics {kept.metrics} d, predictions{' '}
          {kept.predictions} d, labels {kept.labels} d.
        </p>
      )}
    </Card>
  )
}
