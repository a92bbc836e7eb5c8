import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { AlertTriangle, ExternalLink } from 'lucide-react'
import { useMemo } from 'react'
import { alertsQuery, monitorPastQuery, monitorQuery } from '@/api/monitorQueries'
import type { MonitorRow } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { ExportMenu } from '@/kit/ExportMenu'
import { Page } from '@/kit/Page'
import { PinMenu } from '@/kit/PinMenu'
import { Failure, NotEnoughData, SkeletonRows } from '@/kit/states'
import { isoToMs, resolve } from '@/kit/time'
import type { Scale } from '@/kit/units'
import { RelativeTime } from '@/kit/values'
import { Crumb } from '@/kit/Crumb'
import { travelling, useView } from '@/kit/view'
import { Actions } from './Actions'
import { scaleOf } from './Against'
import { MonitorChart } from './MonitorChart'
import { periodsOf } from './periods'
import { around, rowsBehind } from './rows'
import { Muted, Severity, State } from './State'
import { Deliveries, History, SeriesTable } from './Tables'
import { OPERATORS } from './words'
import './monitors.css'

const EVERY_MS = 10_000
const PAST_MS = 60_000
const LONGEST_MS = 31 * 86_400_000

/** One monitor: how it stands, what it saw, what it said to whom, and what to do about it. */
export function MonitorPage() {
  const { id = '' } = useParams({ strict: false })
  const query = useQuery({ ...monitorQuery(id), refetchInterval: EVERY_MS })
  const row = query.data
  return (
    <Page title={row?.name ?? 'Monitor'} {...(row ? { heading: <Head row={row} /> } : {})}>
      {query.isPending ? (
        <SkeletonRows rows={14} label="Loading the monitor" />
      ) : query.isError && !row ? (
        <Failure error={query.error} retry={() => void query.refetch()}>
          <AllMonitors />
        </Failure>
      ) : (
        <Detail row={row!} />
      )}
    </Page>
  )
}

function AllMonitors() {
  const { search } = useView()
  return (
    <Button component={Link} to="/monitors" search={travelling(search) as never}>
      All monitors
    </Button>
  )
}

function Head({ row }: { row: MonitorRow }) {
  const admin = useAdmin()
  return (
    <div className="k-band mo-head">
      <Crumb to="/monitors" label="Monitors" />
      <h1 className="k-title mo-title cut">{row.name}</h1>
      <State state={row.state} />
      <Severity severity={row.definition.severity} />
      <Muted row={row} />
      <span className="grow" />
      {admin && <Actions row={row} />}
    </div>
  )
}

/** The page's time, as far as a monitor's past goes. */
function useTime() {
  const { range } = useView()
  return useMemo(() => {
    const now = Date.now()
    const [start, end] = [resolve(range.from, now), resolve(range.to, now) ?? now]
    const longest = end - LONGEST_MS
    if (start === null || start < longest) {
      return { from: String(longest), to: range.to, fromMs: longest, toMs: end, cut: true }
    }
    return { from: range.from, to: range.to, fromMs: start, toMs: end, cut: false }
  }, [range.from, range.to])
}

function Detail({ row }: { row: MonitorRow }) {
  const { scope, setRange } = useView()
  const time = useTime()
  const moving = time.to === 'now'
  const past = useQuery({
    ...monitorPastQuery(row.id, time.from, time.to),
    refetchInterval: moving ? PAST_MS : false,
  })
  const alerts = useQuery({
    ...alertsQuery(row.project, row.id, time.from, time.to),
    refetchInterval: moving ? EVERY_MS : false,
  })
  const scale = scaleOf(row, past.data?.preview)
  const changes = alerts.data?.rows
  const bands = useMemo(
    () => periodsOf(changes ?? [], row.alerts, time.fromMs, time.toMs),
    [changes, row.alerts, time],
  )
  const wrong = row.state === 'firing' || row.state === 'no_data' || row.state === 'pending'
  const behind = rowsBehind(
    row.definition.query,
    {},
    row.project,
    wrong && row.since ? around(isoToMs(row.since), null) : { from: scope.from, to: scope.to },
  )
  const { condition } = row.definition
  return (
    <div className="k-scroll mo-page" tabIndex={0} role="region" aria-label="Monitor">
      <Now row={row} text={past.data?.condition_text ?? row.condition_text} scale={scale} />
      <section className="mo-section">
        <div className="mo-behind">
          <h2 className="grow">What it saw{time.cut && <span className="unit">the past 31 days</span>}</h2>
          <ExportMenu
            small
            what="alerts"
            scope={{ project: row.project, from: time.from, to: time.to, q: `monitor_id:${row.id}` }}
            about="Every alert of this monitor in this time"
          />
          <PinMenu small alone query={row.definition.query} title={row.name} />
          <Link to={behind.to} search={behind.search as never}>
            <ExternalLink size={12} aria-hidden /> {behind.label}
          </Link>
        </div>
        {past.isPending ? (
          <SkeletonRows rows={6} label="Loading what it saw" />
        ) : past.isError ? (
          <Failure error={past.error} retry={() => void past.refetch()} />
        ) : past.data.preview.series.length === 0 ? (
          <NotEnoughData title="No line to draw">
            <p>{past.data.preview.note}</p>
          </NotEnoughData>
        ) : (
          <MonitorChart
            label={`Values of ${row.name}`}
            query={row.definition.query}
            past={past.data.preview}
            op={condition?.op}
            limit={row.limit}
            recovery={condition?.recovery_limit}
            bands={bands}
            until={moving ? alerts.dataUpdatedAt : time.toMs}
            height={190}
            onBrush={(from, to) =>
              setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
            }
          />
        )}
      </section>
      <SeriesTable row={row} scale={scale} />
      {alerts.isError ? (
        <Failure error={alerts.error} retry={() => void alerts.refetch()} />
      ) : changes ? (
        <History row={row} rows={changes} scale={scale} />
      ) : (
        <SkeletonRows rows={4} label="Loading the history" />
      )}
      <Deliveries row={row} />
    </div>
  )
}

/** In one line: the value, its limit, since when; then what it means and what to do. */
function Now({ row, text, scale }: { row: MonitorRow; text: string; scale: Scale }) {
  const { definition } = row
  return (
    <div className="mo-now">
      <p className="mo-facts">
        <Facts row={row} scale={scale} />
      </p>
      <p className="quiet">{text}.</p>
      {row.problem && (
        <p role="alert" className="mo-problem">
          <AlertTriangle size={13} aria-hidden /> The last look: {row.problem}
        </p>
      )}
      {definition.description && <p className="mo-words">{definition.description}</p>}
      {definition.runbook && (
        <p className="mo-words">
          Runbook:{' '}
          {/^https?:\/\/\S+$/.test(definition.runbook) ? (
            <a href={definition.runbook} target="_blank" rel="noreferrer noopener">
              {definition.runbook}
            </a>
          ) : (
            definition.runbook
          )}
        </p>
      )}
    </div>
  )
}

function Facts({ row, scale }: { row: MonitorRow; scale: Scale }) {
  const say = (value: number) => (
    <>
      <b>{scale.format(value)}</b>
      {scale.unit && <span className="unit">{scale.unit}</span>}
    </>
  )
  const calling = row.alerts.filter((alert) => alert.state !== 'ok' && Object.keys(alert.labels).length > 0)
  return (
    <>
      {row.value !== null && <span>value {say(row.value)}</span>}
      {row.limit !== null && row.definition.condition && (
        <span className="quiet">
          fires {OPERATORS[row.definition.condition.op]} {say(row.limit)}
        </span>
      )}
      {row.since && row.enabled && (
        <span>
          since <RelativeTime iso={row.since} />
        </span>
      )}
      {calling.length > 1 && <span>{calling.length} series</span>}
      <span className="quiet">
        {row.evaluated_at ? (
          <>
            looked at <RelativeTime iso={row.evaluated_at} />
            {row.took_ms !== null && `, in ${Math.round(row.took_ms)} ms`}
          </>
        ) : (
          'not looked at yet'
        )}
      </span>
    </>
  )
}
