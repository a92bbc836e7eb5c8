/** uPlot with our axes, a brush that sets the time, a cursor shared by every chart, and a table of the same data. */
import { ActionIcon, Tooltip, useComputedColorScheme } from '@mantine/core'
import { ChartLine, Download, Table2 } from 'lucide-react'
import { Fragment, useEffect, useMemo, useRef, useState, type CSSProperties, type ReactNode } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { ChangeMarks } from './ChangeMarks'
import { resolveColour } from './colour'
import { csvCell, downloadText } from './download'
import { compact } from './format'
import { useSize } from './hooks'
import { Isolated } from './Isolated'
import { LimitMarks, type Band, type Limit } from './LimitMarks'
import { useUtc } from './prefs'
import { stack } from './stack'
import { stamp } from './time'
import { changeText, useChanges, type Change } from './useChanges'
import './chart.css'

export interface Series {
  label: string
  /** A CSS colour or `var(--x)`. */
  colour: string
  /** `null` is a gap; `undefined` says nothing: the line goes on to the next value. */
  values: (number | null | undefined)[]
  kind?: 'line' | 'bar' | 'area'
  dashed?: boolean
}

/** A single measurement on top of the lines: `node` draws it at the place it is given. */
export interface Dot {
  key: string
  /** Unix milliseconds. */
  time: number
  value: number
  node: (place: CSSProperties) => ReactNode
}

/** A step that was chosen: its time in Unix milliseconds, and the series that was meant. */
export interface Picked {
  from: number
  to: number
  series: string | undefined
}

/** The plotting area in pixels, and the values at its edges. */
interface Frame {
  box: [left: number, top: number, width: number, height: number]
  x: [number, number]
  y: [number, number]
}

interface Props {
  label: string
  /** Unix milliseconds, rising. */
  times: number[]
  series: Series[]
  unit?: string
  height?: number
  /** Bars that stand on each other, first series at the bottom. */
  stacked?: boolean
  format?: (value: number) => string
  onBrush?: (fromMs: number, toMs: number) => void
  /** A click on a step that says something, or on its time in the table. */
  onPick?: (picked: Picked) => void
  /** What such a click shows. */
  picks?: string
  /** Charts with the same key share their cursor. */
  sync?: string
  /** Width of a bucket: bars end here and the last brush reaches its end. */
  intervalMs?: number
  toggle?: boolean
  /** Label of the series to bring forward; the others fade. */
  highlight?: string | undefined
  dots?: Dot[]
  /** Lines across; the axis reaches them. */
  limits?: Limit[]
  /** Times that are shaded. */
  bands?: Band[]
}

const standing = (p: Props): boolean => p.series.some((s) => s.kind === 'bar')

/** The step at a place across. A bar stands to the right of its time, a line's value at it. */
function stepAt(u: uPlot, left: number, p: Props): number {
  const at = u.posToIdx(left)
  return standing(p) && at > 0 && u.posToVal(left, 'x') < u.data[0][at]! ? at - 1 : at
}

/** Whether anything was measured in a step; a bar of nothing is not there to be chosen. */
const says = (p: Props, at: number): boolean =>
  p.series.some((s) => s.values[at] != null && (s.kind !== 'bar' || s.values[at] !== 0))

/** The bar that a place lies in, or the line that is nearest to it. */
function seriesAt(u: uPlot, p: Props, at: number, top: number): string | undefined {
  if (p.series.length < 2) return p.series[0]?.label
  if (p.stacked) {
    let height = 0
    const value = u.posToVal(top, 'y')
    return p.series.find((s) => value <= (height += s.values[at] ?? 0))?.label
  }
  const far = (s: Series) => Math.abs(u.valToPos(s.values[at] ?? NaN, 'y') - top)
  const [nearest] = p.series.filter((s) => s.values[at] != null).toSorted((a, b) => far(a) - far(b))
  return nearest?.label
}

const stepOf = (p: Props, at: number) => ({
  from: p.times[at]!,
  to: p.times[at]! + (p.intervalMs ?? (p.times[at + 1] ?? p.times[at]! + 1) - p.times[at]!),
})

function frameOf(u: uPlot): Frame | null {
  const { x, y } = u.scales
  if (x?.min == null || x.max == null || y?.min == null || y.max == null) return null
  const { offsetLeft, offsetTop, clientWidth, clientHeight } = u.over
  return { box: [offsetLeft, offsetTop, clientWidth, clientHeight], x: [x.min, x.max], y: [y.min, y.max] }
}

/** Of the dots, in seconds: one inside the last step lies beyond its beginning, where the lines end. */
const newest = (dots: Dot[] | undefined): number => Math.max(0, ...(dots ?? []).map((dot) => dot.time / 1000))

/** Where a dot lies; one beyond the top or bottom lies on the edge, so that no outlier flattens the lines. */
function placeOf(dot: Dot, { box, x, y }: Frame): CSSProperties | null {
  const across = (dot.time / 1000 - x[0]) / (x[1] - x[0])
  if (!(across >= 0 && across <= 1)) return null
  const up = Math.min(Math.max((dot.value - y[0]) / (y[1] - y[0]), 0), 1)
  return { left: box[0] + across * box[2], top: box[1] + (1 - up) * box[3] }
}

/** From 0 or below to somewhat above the highest of lines and limits. */
function heights(least: number | null, most: number | null, limits: Limit[] | undefined): [number, number] {
  const levels = (limits ?? []).map((limit) => limit.value)
  const [low, high] = [Math.min(0, least ?? 0, ...levels), Math.max(most ?? 0, ...levels)]
  return [low, high > 0 ? high * 1.08 : high === 0 && low === 0 ? 1 : 0]
}

/** Whether the chart counts something: whole numbers, written as such. */
const counts = ({ series, format }: Pick<Props, 'series' | 'format'>): boolean =>
  (format === undefined || format === compact) &&
  series.every(({ values }) => values.every((v) => v == null || Number.isInteger(v)))

/** 24 hours, and the day where it changes. */
function timeLabels(ticks: number[], utc: boolean): string[] {
  let day = ''
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : 3600
  return ticks.map((t) => {
    const at = stamp(t * 1000, utc)
    const today = at.slice(5, 10)
    const clock = step < 60 ? at.slice(11, 19) : at.slice(11, 16)
    const label = clock === '00:00' || step >= 86_400 || (day && today !== day) ? today : clock
    day = today
    return label
  })
}

/** A value without neighbours draws no line: show it as a dot, so that a gap never hides it. */
function isolated(u: uPlot, seriesIdx: number): number[] {
  const values = u.data[seriesIdx] ?? []
  const out: number[] = []
  for (let i = 0; i < values.length; i++) {
    if (values[i] == null) continue
    let [before, after] = [i - 1, i + 1]
    while (before >= 0 && values[before] === undefined) before--
    while (after < values.length && values[after] === undefined) after++
    if (values[before] == null && values[after] == null) out.push(i)
  }
  return out
}

export function TimeChart(props: Props) {
  const { times, series, stacked, height = 96, format = compact } = props
  const scheme = useComputedColorScheme('dark')
  const [utc] = useUtc()
  const [table, setTable] = useState(false)
  const [frame, setFrame] = useState<Frame | null>(null)
  const [measure, size] = useSize<HTMLDivElement>()
  const host = useRef<HTMLDivElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  useEffect(() => {
    latest.current = props
  })
  const shape = series.map((s) => `${s.label}|${s.colour}|${s.kind}|${s.dashed}`).join('\n')
  const width = size.width
  const end = (times.at(-1) ?? 0) + (props.intervalMs ?? 0)
  const changes = useChanges(times[0] ?? 0, end)

  const data = useMemo(() => {
    const xs = times.map((t) => t / 1000)
    const ys = stacked ? stack(series).reverse() : series.map((s) => s.values)
    return [xs, ...ys] as uPlot.AlignedData
  }, [times, series, stacked])
  const plot = useRef<uPlot | null>(null)
  const { highlight } = props
  useEffect(() => {
    const u = plot.current
    if (!u || stacked) return
    const at = highlight === undefined ? -1 : latest.current.series.findIndex((s) => s.label === highlight)
    u.setSeries(at < 0 ? null : at + 1, { focus: true })
  }, [highlight, stacked])
  const firstData = useRef(data)
  const levels = props.limits?.map((limit) => limit.value).join()
  useEffect(() => {
    firstData.current = data
    plot.current?.setData(data)
    // Another limit is another height of the axis.
  }, [data, levels])

  useEffect(() => {
    const node = host.current
    if (!node || table || width < 40) return
    const ordered = stacked ? latest.current.series.toReversed() : latest.current.series
    const grid = resolveColour('var(--line)')
    const ink = resolveColour('var(--text-2)')
    const bars = uPlot.paths.bars!({ size: [0.86, 40], align: 1 })
    let brushed = false
    const options: uPlot.Options = {
      width,
      height,
      padding: [6, 18, 0, 0],
      legend: { show: false },
      focus: { alpha: 0.25 },
      tzDate: (ts) => (utc ? uPlot.tzDate(new Date(ts * 1000), 'Etc/UTC') : new Date(ts * 1000)),
      cursor: {
        drag: { x: !!latest.current.onBrush, y: false, setScale: false },
        points: { show: false },
        y: false,
        ...(latest.current.sync ? { sync: { key: latest.current.sync, setSeries: false } } : {}),
      },
      scales: {
        x: {
          time: true,
          range: (_u, lo, hi) => {
            // Of a single moment uPlot makes years.
            const last = latest.current.times.length > 1 ? hi : lo
            return [lo, Math.max(last + (latest.current.intervalMs ?? 0) / 1000, newest(latest.current.dots))]
          },
        },
        y: {
          range: (_u, lo, hi) => heights(lo, hi, latest.current.limits),
        },
      },
      axes: [
        {
          stroke: ink,
          grid: { show: false },
          ticks: { stroke: grid, size: 4 },
          size: 22,
          font: '11px sans-serif',
          gap: 2,
          space: 72,
          values: (_u, ticks) => timeLabels(ticks, utc),
        },
        {
          stroke: ink,
          grid: { stroke: grid, width: 1 },
          ticks: { show: false },
          size: (_u, values) => Math.max(52, 12 + 6.2 * Math.max(0, ...(values ?? []).map((v) => v.length))),
          space: 28,
          font: '11px sans-serif',
          values: (_u, ticks) =>
            ticks.map((t) =>
              // There is no half of a record.
              counts(latest.current) && !Number.isInteger(t)
                ? ''
                : (latest.current.format ?? compact)(t) + (props.unit ? ` ${props.unit}` : ''),
            ),
        },
      ],
      series: [
        {},
        ...ordered.map((s): uPlot.Series => {
          const colour = resolveColour(s.colour)
          return s.kind === 'bar'
            ? { label: s.label, fill: colour, stroke: colour, width: 0, paths: bars, points: { show: false } }
            : {
                label: s.label,
                stroke: colour,
                width: 1.5,
                ...(s.kind === 'area' ? { fill: colour } : {}),
                spanGaps: false,
                points: { show: true, size: 4, filter: isolated },
                ...(s.dashed ? { dash: [4, 3] } : {}),
              }
        }),
      ],
      hooks: {
        setSelect: [
          (u) => {
            if (u.select.width < 4) return
            const from = u.posToVal(u.select.left, 'x') * 1000
            const to = u.posToVal(u.select.left + u.select.width, 'x') * 1000
            brushed = true
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            latest.current.onBrush?.(from, to)
          },
        ],
        setCursor: [(u) => showTip(u, tip.current, latest.current, utc)],
        draw: [
          (u) => {
            const next = frameOf(u)
            setFrame((old) => (JSON.stringify(old) === JSON.stringify(next) ? old : next))
          },
        ],
      },
    }
    const u = new uPlot(options, firstData.current, node)
    plot.current = u
    u.over.addEventListener('mousedown', () => (brushed = false))
    u.over.addEventListener('click', (event) => {
      const p = latest.current
      const { left, top } = u.over.getBoundingClientRect()
      const at = stepAt(u, event.clientX - left, p)
      if (brushed || !says(p, at)) return
      p.onPick?.({ ...stepOf(p, at), series: seriesAt(u, p, at, event.clientY - top) })
    })
    return () => {
      plot.current = null
      u.destroy()
    }
    // The plot is rebuilt when its shape or theme changes; data alone goes through setData.
  }, [shape, width, height, scheme, utc, table, stacked, props.unit])

  return (
    <figure className="k-chart" aria-label={props.label}>
      <div ref={measure} className="k-plot" style={{ minHeight: height }}>
        {table ? (
          <SeriesTable
            times={times}
            series={series}
            changes={changes}
            bands={props.bands ?? []}
            utc={utc}
            format={format}
            height={height}
            pick={(i) =>
              props.onPick && says(props, i)
                ? () => props.onPick!({ ...stepOf(props, i), series: undefined })
                : undefined
            }
          />
        ) : (
          <div ref={host} aria-hidden className={props.onPick ? 'k-pickable' : undefined} />
        )}
        {!table && frame && (
          <ChangeMarks
            changes={changes}
            range={[frame.x[0] * 1000, frame.x[1] * 1000]}
            box={frame.box}
            utc={utc}
          />
        )}
        {!table && frame && (props.limits || props.bands) && (
          <LimitMarks
            limits={props.limits ?? []}
            bands={props.bands ?? []}
            x={[frame.x[0] * 1000, frame.x[1] * 1000]}
            y={frame.y}
            box={frame.box}
            utc={utc}
          />
        )}
        {!table &&
          frame &&
          props.dots?.map((dot) => {
            const place = placeOf(dot, frame)
            return place && <Fragment key={dot.key}>{dot.node(place)}</Fragment>
          })}
        <div ref={tip} className="k-tip" hidden />
      </div>
      {table && (
        <Tooltip label="Save as CSV">
          <ActionIcon
            className="k-chart-toggle k-chart-save"
            size={20}
            aria-label={`${props.label}: save as CSV`}
            onClick={() => downloadText(`${props.label}.csv`, 'text/csv', csvOf(times, series))}
          >
            <Download size={12} />
          </ActionIcon>
        </Tooltip>
      )}
      {props.toggle !== false && (
        <Tooltip label={table ? 'As chart' : 'As table'}>
          <ActionIcon
            className="k-chart-toggle"
            size={20}
            aria-label={`${props.label}: show as ${table ? 'chart' : 'table'}`}
            onClick={() => setTable(!table)}
          >
            {table ? <ChartLine size={12} /> : <Table2 size={12} />}
          </ActionIcon>
        </Tooltip>
      )}
    </figure>
  )
}

function csvOf(times: number[], series: Series[]): string {
  const rows = times.map((t, i) => [new Date(t).toISOString(), ...series.map((s) => s.values[i] ?? null)])
  return [['time', ...series.map((s) => s.label)], ...rows]
    .map((row) => row.map(csvCell).join(','))
    .join('\r\n')
}

/** What is under the cursor, sorted by value. */
function showTip(u: uPlot, tip: HTMLDivElement | null, p: Props, utc: boolean) {
  if (!tip) return
  const { left } = u.cursor
  const at = left == null || left < 0 || !p.times.length ? null : stepAt(u, left, p)
  // A shared cursor moves every chart; only the one under the pointer explains itself.
  if (at == null || left == null || left < 0 || !u.over.matches(':hover')) {
    tip.hidden = true
    return
  }
  const rows = p.series
    .map((s) => ({ label: s.label, colour: s.colour, value: s.values[at] ?? null }))
    .sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity))
    .slice(0, 12)
  const line = (label: string, value: string, colour?: string) => {
    const row = document.createElement('div')
    const swatch = document.createElement('i')
    if (colour) swatch.style.background = colour
    const name = document.createElement('span')
    name.textContent = label
    const amount = document.createElement('b')
    amount.textContent = value
    row.append(swatch, name, amount)
    return row
  }
  const unit = p.unit ? ` ${p.unit}` : ''
  tip.replaceChildren(
    line(stamp(p.times[at] ?? 0, utc), ''),
    ...rows.map((r) =>
      line(r.label, r.value === null ? 'no data' : (p.format ?? compact)(r.value) + unit, r.colour),
    ),
    ...(p.onPick && p.picks && says(p, at) ? [line(`Click: ${p.picks}`, '')] : []),
  )
  tip.hidden = false
  const x = u.over.offsetLeft + left
  const room = tip.parentElement!.clientWidth
  tip.style.left = `${Math.max(0, x + 14 + tip.offsetWidth > room ? x - tip.offsetWidth - 14 : x + 14)}px`
}

function SeriesTable(p: {
  times: number[]
  series: Series[]
  changes: Change[]
  bands: Band[]
  utc: boolean
  height: number
  format: (value: number) => string
  pick: (i: number) => (() => void) | undefined
}) {
  const time = (i: number) => {
    const [said, act] = [stamp(p.times[i]!, p.utc), p.pick(i)]
    return act ? (
      <button type="button" className="plain k-pick" onClick={act}>
        {said}
      </button>
    ) : (
      said
    )
  }
  const during = (i: number) => {
    const [from, to] = [p.times[i]!, p.times[i + 1] ?? Infinity]
    return p.changes.filter((change) => change.at >= from && change.at < to)
  }
  const alerts = (i: number) => {
    const [from, to] = [p.times[i]!, p.times[i + 1] ?? Infinity]
    return p.bands.filter((band) => band.from < to && (band.to ?? Infinity) > from)
  }
  return (
    <div
      className="k-chart-table"
      tabIndex={0}
      role="region"
      aria-label="Chart data"
      style={{ maxHeight: Math.max(p.height, 140) }}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {p.series.map((s) => (
              <th key={s.label} scope="col" className="num">
                {s.label}
              </th>
            ))}
            {p.bands.length > 0 && <th scope="col">Alerts</th>}
            {p.changes.length > 0 && <th scope="col">Changes</th>}
          </tr>
        </thead>
        <tbody>
          {p.times.map((t, i) => (
            <tr key={t}>
              <th scope="row">{time(i)}</th>
              {p.series.map((s) => (
                <td key={s.label} className="num">
                  {s.values[i] == null ? '–' : p.format(s.values[i]!)}
                </td>
              ))}
              {p.bands.length > 0 && (
                <td>
                  <Isolated
                    text={alerts(i)
                      .map((band) => band.label)
                      .join(', ')}
                  />
                </td>
              )}
              {p.changes.length > 0 && (
                <td>
                  <Isolated text={during(i).map(changeText).join(', ')} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
