import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeft, Info, Terminal } from 'lucide-react'
import { useMemo, useState } from 'react'
import { metricQuery } from '@/api/metricQueries'
import type { Aggregation, MetricAnswer, MetricEntry, MetricQuery, SavedQuery } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { csvCell, downloadText } from '@/kit/download'
import { ExportMenu } from '@/kit/ExportMenu'
import { is, printTerm } from '@/kit/filter'
import { FilterBar } from '@/kit/FilterBar'
import { count } from '@/kit/format'
import { Outside } from '@/kit/Outside'
import { PinMenu } from '@/kit/PinMenu'
import { sqlString } from '@/kit/sqlText'
import { Empty, Failure, NotEnoughData, SkeletonRows } from '@/kit/states'
import { isoToMs, resolve } from '@/kit/time'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { kindOf } from './Catalogue'
import { MetricCharts } from './MetricCharts'
import { COMPARISONS, QueryBar } from './QueryBar'
import { SeriesList } from './SeriesList'
import { splitKeys } from '@/kit/groups'
import { kindKey, parseKind } from './kind'
import { fitting, linesOf, measures, type Line } from '@/kit/metricSeries'
import { plainUnit, scaleFor } from '@/kit/units'

const NONE: MetricAnswer['exemplars'] = []

interface Props {
  name: string
  entry: MetricEntry | undefined
  /** Of the same name, but of another type or unit. */
  others: MetricEntry[]
  onChoose: (entry: MetricEntry | undefined) => void
}

export function Explore({ name, entry, others, onChoose }: Props) {
  const { scope, search, range, patch, setQ, setRange } = useView()
  const allowed = useMemo(() => fitting(entry ?? { type: 'gauge' }), [entry])
  const asked = search.agg as Aggregation | undefined
  const aggregation = asked && (allowed.includes(asked) || !entry) ? asked : allowed[0]!
  const quantile = validQuantile(search.quantile)
  const groups = useMemo(() => splitKeys(search.by ?? ''), [search.by])
  const offset = compareOffset(search.compare, range)
  const { type, unit: sentUnit } = entry ?? parseKind(search.kind) ?? {}
  const kind = useMemo(() => (type === undefined ? {} : { type, unit: sentUnit ?? '' }), [type, sentUnit])
  const body: MetricQuery | null = useMemo(
    () => ({
      project: scope.project,
      name,
      ...kind,
      from: scope.from,
      to: scope.to,
      ...(scope.q ? { q: scope.q } : {}),
      group_by: groups,
      aggregation,
      ...(aggregation === 'quantile' ? { quantile } : {}),
      ...(offset ? { compare_offset_s: offset } : {}),
    }),
    [scope, name, kind, groups, aggregation, quantile, offset],
  )
  const points = useMemo(() => {
    const named = printTerm(is('name', name))
    return { ...scope, q: scope.q ? `${scope.q} ${named}` : named }
  }, [scope, name])
  const pinned: SavedQuery = {
    kind: 'metric',
    name,
    ...kind,
    ...(scope.q ? { q: scope.q } : {}),
    group_by: groups,
    aggregation,
    ...(aggregation === 'quantile' ? { quantile } : {}),
  }
  // Its kind decides the question, so the catalogue comes first; a name that it lacks is asked as it stands.
  const query = useQuery(metricQuery(body))
  const { data } = query
  const lines = useMemo(() => (data ? linesOf(data, offset * 1000) : []), [data, offset])
  const [hovered, setHovered] = useState<string>()
  const largest = Math.max(
    0,
    ...lines
      .flatMap((l) => [l.stats.max, l.stats.min, l.baseline?.stats.max ?? null])
      .map((v) => Math.abs(v ?? 0)),
  )
  const unit = data?.unit ?? entry?.unit ?? ''
  const scale = useMemo(
    () => scaleFor({ name, unit }, aggregation, largest),
    [name, unit, aggregation, largest],
  )
  const measured = lines.reduce((n, l) => n + l.points.filter(([, v]) => v !== null).length, 0)

  return (
    <>
      <header className="metrics-head">
        <Button
          className="metrics-back"
          leftSection={<ArrowLeft size={13} aria-hidden />}
          onClick={() => onChoose(undefined)}
        >
          All metrics
        </Button>
        <h2 className="cut" title={name}>
          {name}
        </h2>
        {entry && (
          <span className="quiet metrics-about">
            {kindOf(entry.type).word}
            {plainUnit(entry.unit) && (
              <>
                {' in '}
                <Isolated text={plainUnit(entry.unit)} />
              </>
            )}{' '}
            · {count(entry.points)} points · last <RelativeTime iso={entry.last_time} />
          </span>
        )}
        <span className="grow" />
        <Button
          component={Link}
          to="/sql"
          search={{ project: scope.project, sql: rowsSql(name, kind.type, scope.from, scope.to) } as never}
          leftSection={<Terminal size={13} aria-hidden />}
        >
          Rows in SQL
        </Button>
        <PinMenu query={pinned} title={name} />
        <ExportMenu
          what="metrics"
          scope={points}
          disabled={!lines.length}
          shown={{
            label: 'CSV of what is drawn',
            save: () => downloadText(`${name}.csv`, 'text/csv', csvOf(lines)),
          }}
        />
      </header>
      {others.length > 0 && (
        <p className="metrics-note metrics-others" role="note">
          <Info size={13} aria-hidden /> Also sent under this name, and never mixed with it:
          {others.map((other) => (
            <button key={kindKey(other)} type="button" className="plain" onClick={() => onChoose(other)}>
              {kindOf(other.type).word}
              {plainUnit(other.unit) && ' in '}
              <Isolated text={plainUnit(other.unit)} />
            </button>
          ))}
        </p>
      )}
      {entry?.description && <p className="metrics-description">{entry.description}</p>}
      <div className="k-band">
        <FilterBar
          scope={scope}
          signal="metrics"
          keys={['service', ...(entry?.attribute_keys ?? [])]}
          within={printTerm(is('name', name))}
          placeholder="Narrow the points: service:…, an attribute:value"
          onChange={setQ}
        />
      </div>
      <QueryBar
        allowed={allowed}
        aggregation={aggregation}
        quantile={quantile}
        keys={entry?.attribute_keys ?? []}
        groups={groups}
        compare={search.compare}
        comparable={scope.from !== 'all'}
        patch={patch}
      />
      <Outside signal="metrics" scope={points} />
      <div className="k-scroll metrics-answer">
        {query.isPending ? (
          <SkeletonRows rows={12} label="Asking for the series" />
        ) : query.isError ? (
          <Failure error={query.error} retry={() => void query.refetch()}>
            {aggregation !== allowed[0] && (
              <Button onClick={() => patch({ agg: undefined, quantile: undefined })}>
                Use {allowed[0]} instead
              </Button>
            )}
          </Failure>
        ) : !lines.length ? (
          <NoPoints name={name} entry={entry} filtered={scope.q !== ''} onQ={setQ} onRange={setRange} />
        ) : measured < 2 ? (
          <NotEnoughData title={measured ? 'Only one point in this time' : 'Points, but no value'}>
            <p>
              {aggregation === 'rate' || aggregation === 'increase'
                ? `A ${aggregation} is a difference: it needs two points of a series.`
                : measured
                  ? `${scale.format(lines.find((l) => l.stats.last !== null)!.stats.last!)} ${scale.unit}`
                  : 'The series of this time hold no value for this question.'}{' '}
              Choose a longer time.
            </p>
          </NotEnoughData>
        ) : (
          <>
            {data?.truncated && (
              <p className="metrics-note" role="status">
                <Info size={13} aria-hidden /> Only the {count(lines.length)} largest series are here. Narrow
                the filter or group by fewer keys to see the others.
              </p>
            )}
            {data?.note && (
              <p className="metrics-note" role="note">
                <Info size={13} aria-hidden /> {data.note}
              </p>
            )}
            <MetricCharts
              name={name}
              project={scope.project}
              exemplars={data && measures(aggregation) ? data.exemplars : NONE}
              lines={lines}
              stepMs={(data?.step_s ?? 0) * 1000}
              scale={scale}
              comparing={offset > 0}
              highlight={hovered}
              onBrush={(from, to) =>
                setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
              }
            />
            <SeriesList
              lines={lines}
              scale={scale}
              comparing={offset > 0}
              order={search.order}
              onOrder={(order) => patch({ order }, true)}
              onHover={setHovered}
            />
          </>
        )}
      </div>
    </>
  )
}

function NoPoints(props: {
  name: string
  entry: MetricEntry | undefined
  filtered: boolean
  onQ: (q: string) => void
  onRange: (range: { from: string; to: string }) => void
}) {
  const { entry } = props
  const last = entry && isoToMs(entry.last_time)
  return (
    <Empty
      title={
        props.filtered ? `No point of ${props.name} passes this filter` : `No points of ${props.name} here`
      }
      actions={
        <>
          {props.filtered && <Button onClick={() => props.onQ('')}>Clear the filter</Button>}
          {last && (
            <Button
              onClick={() =>
                props.onRange({
                  from: new Date(last - 3_600_000).toISOString(),
                  to: new Date(last + 60_000).toISOString(),
                })
              }
            >
              The hour up to its last point
            </Button>
          )}
          <Button onClick={() => props.onRange({ from: 'all', to: 'now' })}>Everything</Button>
        </>
      }
    >
      {entry ? (
        <p>
          It was last seen <RelativeTime iso={entry.last_time} />.
        </p>
      ) : (
        <p>No metric of this name arrived in this time. It may belong to another project.</p>
      )}
    </Empty>
  )
}

function validQuantile(text: string | undefined): number {
  const value = Number(text)
  return text && value > 0 && value < 1 ? value : 0.95
}

function compareOffset(compare: string | undefined, range: { from: string; to: string }): number {
  const found = COMPARISONS.find((c) => c.value === compare)
  if (!found) return 0
  if (found.seconds) return found.seconds
  const from = resolve(range.from, 0)
  const to = resolve(range.to, 0)
  return from === null || to === null ? 0 : Math.max(1, Math.round((to - from) / 1000))
}

function rowsSql(name: string, type: string | undefined, from: string, to: string): string {
  const now = Date.now()
  const start = resolve(from, now)
  const end = to === 'now' ? null : resolve(to, now)
  const bound = (op: string, ms: number | null) =>
    ms === null ? '' : `\n  AND time ${op} fromUnixTimestamp64Milli(${Math.round(ms)})`
  return `SELECT time, service, value, count, sum, attributes\nFROM metrics\nWHERE name = ${sqlString(name)}${type ? ` AND type = ${sqlString(type)}` : ''}${bound('>=', start)}${bound('<', end)}\nORDER BY time DESC\nLIMIT 200`
}

function csvOf(lines: Line[]): string {
  const keys = [...new Set(lines.flatMap((l) => Object.keys(l.labels)))]
  const rows = lines.flatMap((l) =>
    l.points.map(([t, v]) =>
      [new Date(t).toISOString(), ...keys.map((k) => l.labels[k] ?? ''), v].map(csvCell).join(','),
    ),
  )
  return [['time', ...keys, 'value'].map(csvCell).join(','), ...rows].join('\r\n')
}
