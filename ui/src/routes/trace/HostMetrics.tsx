/** CPU, memory and GPU of the host and the process of one span, while it ran and five minutes before. */
import { useQuery } from '@tanstack/react-query'
import { traceResourcesQuery } from '@/api/queries'
import type { SpanDetail, TraceResources } from '@/api/types'
import { distinct } from '@/kit/colour'
import { Isolated } from '@/kit/Isolated'
import { Failure, NotEnoughData, SkeletonRows } from '@/kit/states'
import { TimeChart } from '@/kit/TimeChart'
import { onto } from './hostSeries'
import { MetricLink, NoResources, Saturated, UserIcon, UserNames } from './ResourceParts'
import { measureName, measureText, samplingText, type Measure, type ResourceUser } from './resourceWords'

export function HostMetrics(p: { project: string; traceId: string; span: SpanDetail }) {
  const query = useQuery(traceResourcesQuery(p.project, p.traceId, p.span.span_id))
  if (query.isPending) return <SkeletonRows rows={8} label="Loading CPU, memory and GPU" />
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />
  const data = query.data
  if (!data.users.length) return <NoResources data={data} />
  return (
    <>
      {data.users.map((user) => (
        <User key={`${user.kind} ${user.name}`} user={user} data={data} sync={`trace-${p.traceId}`} />
      ))}
      {data.silent.length > 0 && (
        <p className="quiet t-note">
          No metrics of <UserNames users={data.silent} /> arrived.
        </p>
      )}
      {data.truncated && <p className="quiet t-note">There are more; the Metrics page has them all.</p>}
    </>
  )
}

function User({ user, data, sync }: { user: ResourceUser; data: TraceResources; sync: string }) {
  const kinds = [...new Set(user.measures.map((m) => m.measure))]
  return (
    <section aria-label={`${user.kind} ${user.name}`}>
      <h3 className="t-section">
        <UserIcon kind={user.kind} /> <Isolated text={user.name} />
      </h3>
      {kinds.map((kind) => {
        const measures = user.measures.filter((m) => m.measure === kind)
        return <Chart key={kind} user={user} measures={measures} data={data} sync={sync} />
      })}
    </section>
  )
}

function Chart(p: { user: ResourceUser; measures: Measure[]; data: TraceResources; sync: string }) {
  const { measures, data } = p
  const first = measures[0]!
  const times = [...new Set(measures.flatMap((m) => m.points.map(([time]) => time)))].sort((a, b) => a - b)
  const colours = distinct(measures.map(measureName))
  const title =
    measures.length > 1 ? first.measure.replace('gpu_memory', 'GPU memory').replace('gpu', 'GPU') : ''
  return (
    <div className="t-measure">
      <div className="row">
        {measures.map((m) => (
          <span key={m.part}>
            <Isolated text={measureName(m)} /> <b>{measureText(m.unit, m.peak)}</b>{' '}
            {m.before !== null && <span className="quiet">before {measureText(m.unit, m.before)}</span>}{' '}
            {m.saturated && <Saturated limit={data.saturated_at} />}
          </span>
        ))}
        <span className="grow" />
        <MetricLink user={p.user} measure={first} data={data} />
      </div>
      <p className="quiet">{samplingText(first, 'span')}.</p>
      {times.length > 1 ? (
        <TimeChart
          label={`${title || measureName(first)} of ${p.user.name}`}
          times={times}
          series={measures.map((m) => ({
            label: measureName(m),
            colour: colours.get(measureName(m))!,
            values: onto(times, m.points),
          }))}
          height={84}
          format={(value) => measureText(first.unit, value)}
          sync={p.sync}
          bands={[{ from: data.start, to: data.end, label: 'The span', tone: 'about' }]}
          {...(first.unit === '1'
            ? { limits: [{ value: data.saturated_at, label: 'saturated', quiet: true }] }
            : {})}
        />
      ) : (
        <NotEnoughData title="A single sample is no curve">
          <p>It says {measureText(first.unit, first.points[0]?.[1] ?? null)}.</p>
        </NotEnoughData>
      )}
    </div>
  )
}
