/** CPU, memory and GPU of whoever took part, under the waterfall, on its own time axis and with its cursor. */
import { useQuery } from '@tanstack/react-query'
import { memo, useEffect, useRef, useState } from 'react'
import { traceResourcesQuery } from '@/api/queries'
import type { TraceResources } from '@/api/types'
import { category } from '@/kit/colour'
import { Isolated } from '@/kit/Isolated'
import { Failure, SkeletonRows } from '@/kit/states'
import { MetricLink, NoResources, Saturated, UserIcon, UserNames } from './ResourceParts'
import {
  measureName,
  measureText,
  sampleAt,
  samplingText,
  type Measure,
  type ResourceUser,
} from './resourceWords'
import type { TimeWindow } from './Waterfall'

interface Cursor {
  /** Pixels from the left of the waterfall. */
  left: number
  /** Nanoseconds after the trace's start. */
  at: number
}

export function ResourceLanes(p: { project: string; traceId: string; window: TimeWindow }) {
  const query = useQuery(traceResourcesQuery(p.project, p.traceId))
  const root = useRef<HTMLElement>(null)
  const cursor = useCursor(root, p.window)
  return (
    <section className="t-lanes" ref={root} aria-label="Resources" tabIndex={0}>
      {query.isPending ? (
        <SkeletonRows rows={3} label="Loading CPU, memory and GPU" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : query.data.users.length === 0 ? (
        <NoResources data={query.data} />
      ) : (
        <Lanes data={query.data} window={p.window} at={cursor?.at} />
      )}
      {cursor && <i className="t-cursor" style={{ left: cursor.left }} aria-hidden />}
    </section>
  )
}

/** Where the pointer is on the time axis, over the spans too. */
function useCursor(root: React.RefObject<HTMLElement | null>, window_: TimeWindow): Cursor | null {
  const [cursor, setCursor] = useState<Cursor | null>(null)
  const latest = useRef(window_)
  useEffect(() => {
    latest.current = window_
  })
  useEffect(() => {
    const fall = root.current?.closest<HTMLElement>('.t-fall')
    if (!fall) return
    const leave = () => setCursor(null)
    const move = (event: PointerEvent) => {
      const axis = fall.querySelector('.t-axis')?.getBoundingClientRect()
      const share = axis ? (event.clientX - axis.left) / axis.width : -1
      if (share < 0 || share > 1) return leave()
      const { from, to } = latest.current
      setCursor({
        left: event.clientX - fall.getBoundingClientRect().left,
        at: from + share * (to - from),
      })
    }
    fall.addEventListener('pointermove', move)
    fall.addEventListener('pointerleave', leave)
    return () => {
      fall.removeEventListener('pointermove', move)
      fall.removeEventListener('pointerleave', leave)
    }
  }, [root])
  return cursor
}

function Lanes({ data, window, at }: { data: TraceResources; window: TimeWindow; at: number | undefined }) {
  const all = data.users
    .flatMap((user) => user.measures.map((measure) => ({ user, measure })))
    // What is used up first; the others stay in the order of their names.
    .sort((a, b) => Number(b.measure.saturated) - Number(a.measure.saturated))
  const full = all.filter(({ measure }) => measure.saturated).length
  const coarse = all.find(({ measure }) => measure.inside === 0)?.measure
  return (
    <>
      <p className="quiet t-note">
        {full > 0 ? `${full} of ${all.length} saturated. ` : `None of ${all.length} is saturated. `}
        {coarse ? `${samplingText(coarse, 'trace')}. ` : ''}
        {data.silent.length > 0 && (
          <>
            No metrics of <UserNames users={data.silent} />.{' '}
          </>
        )}
        {data.truncated && 'There are more; the Metrics page has them all.'}
      </p>
      {all.map(({ user, measure }) => (
        <Lane
          key={`${user.kind} ${user.name} ${measure.measure} ${measure.part}`}
          user={user}
          measure={measure}
          data={data}
          window={window}
          at={at}
        />
      ))}
    </>
  )
}

interface LaneProps {
  user: ResourceUser
  measure: Measure
  data: TraceResources
  window: TimeWindow
  at: number | undefined
}

function Lane({ user, measure: m, data, window, at }: LaneProps) {
  const under = at === undefined ? undefined : sampleAt(m.points, data.start + at / 1e6)
  return (
    <div className="t-lane" role="group" aria-label={`${measureName(m)} of ${user.name}`}>
      <div className="t-lane-name">
        <UserIcon kind={user.kind} />
        <span className="cut" title={`${user.name}: ${user.services.join(', ')}`}>
          <Isolated text={user.name} />
        </span>
        {m.saturated && <Saturated limit={data.saturated_at} />}
        <span className="t-lane-what">
          <Isolated text={measureName(m)} />
        </span>
        <Before measure={m} data={data} />
        <b className="num">{measureText(m.unit, under ? under[1] : m.peak)}</b>
        <small className="quiet t-lane-was">
          {m.before !== null && <>was {measureText(m.unit, m.before)}</>}
        </small>
        <MetricLink user={user} measure={m} data={data} />
      </div>
      <Curve
        points={m.points}
        coarse={m.inside === 0}
        from={data.start + window.from / 1e6}
        to={data.start + window.to / 1e6}
        top={topOf(m)}
        limit={m.unit === '1' ? data.saturated_at : undefined}
        colour={category(m.measure)}
      />
    </div>
  )
}

const topOf = (m: Measure): number =>
  m.unit === '1'
    ? Math.max(1, ...m.points.map(([, v]) => v))
    : Math.max(1e-9, ...m.points.map(([, v]) => v)) * 1.1

/** The five minutes before, small: whether it was like that already. */
function Before({ measure: m, data }: { measure: Measure; data: TraceResources }) {
  const before = m.points.filter(([time]) => time < data.start)
  if (before.length < 2) return <span className="t-lane-before" />
  return (
    <span className="t-lane-before" title="The five minutes before">
      <Curve points={before} from={data.first} to={data.start} top={topOf(m)} colour={category(m.measure)} />
    </span>
  )
}

interface CurveProps {
  points: Measure['points']
  from: number
  to: number
  top: number
  limit?: number | undefined
  colour: string
  /** No sample fell within: the line only joins those around it. */
  coarse?: boolean
}

const Curve = memo(function Curve(p: CurveProps) {
  const width = Math.max(p.to - p.from, 1e-9)
  // One beyond each edge, so that the line reaches it; far ones are brought near, where browsers still compute well.
  const first = Math.max(
    p.points.findLastIndex(([time]) => time < p.from),
    0,
  )
  const after = p.points.findIndex(([time]) => time > p.to)
  const shown = p.points.slice(first, after < 0 ? undefined : after + 1)
  const y = (value: number) => 20 - (value / p.top) * 19
  const line = clipped(shown, p.from, p.to).map(
    ([time, value]) => [((time - p.from) / width) * 100, y(value)] as const,
  )
  const path = line.map(([x, v]) => `${x.toFixed(2)},${v.toFixed(2)}`).join(' ')
  return (
    <svg className="t-curve" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden>
      {line.length > 0 && (
        <polygon
          points={`${line[0]![0]},20 ${path} ${line.at(-1)![0]},20`}
          style={{ fill: p.colour, opacity: 0.25 }}
        />
      )}
      <polyline
        points={path}
        style={{ stroke: p.colour, fill: 'none' }}
        strokeDasharray={p.coarse ? '4 3' : undefined}
        vectorEffect="non-scaling-stroke"
      />
      {p.limit !== undefined && (
        <line
          x1="0"
          x2="100"
          y1={y(p.limit)}
          y2={y(p.limit)}
          className="t-limit"
          vectorEffect="non-scaling-stroke"
        />
      )}
    </svg>
  )
})

/** Points within, and where the line between two of them crosses an edge. */
function clipped(points: Measure['points'], from: number, to: number): [number, number][] {
  const out: [number, number][] = []
  const between = (a: [number, number], b: [number, number], at: number): [number, number] => [
    at,
    a[1] + ((b[1] - a[1]) * (at - a[0])) / (b[0] - a[0]),
  ]
  points.forEach((point, i) => {
    const next = points[i + 1]
    if (point[0] >= from && point[0] <= to) out.push(point)
    if (!next) return
    if (point[0] < from && next[0] > from) out.push(between(point, next, from))
    if (point[0] < to && next[0] > to) out.push(between(point, next, to))
  })
  return out
}
