import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { MetricAnswer } from '@/api/types'
import { TimeChart, type Dot, type Series } from '@/kit/TimeChart'
import { align, type Line } from '@/kit/metricSeries'
import type { Scale } from '@/kit/units'

/** More lines than this cannot be told apart; the table has them all. */
const MOST_LINES = 24
const MOST_PAIRS = 8

type Exemplar = MetricAnswer['exemplars'][number]

interface Props {
  name: string
  lines: Line[]
  stepMs: number
  scale: Scale
  comparing: boolean
  highlight: string | undefined
  onBrush: (fromMs: number, toMs: number) => void
  project: string
  exemplars: MetricAnswer['exemplars']
}

const converted = (values: (number | null)[], scale: Scale) =>
  values.map((v) => (v === null ? null : scale.convert(v)))

/** A measurement that opens the trace it was made in. */
function dotOf([time, value, traceId, spanId]: Exemplar, project: string, scale: Scale): Dot {
  const shown = scale.convert(value)
  const title = `${scale.show(shown)}${scale.unit ? ` ${scale.unit}` : ''}: open its trace`
  return {
    key: `${time} ${traceId} ${spanId}`,
    time,
    value: shown,
    node: (place) => (
      <Link
        className="k-dot"
        style={place}
        to="/traces/$traceId"
        params={{ traceId }}
        search={{ project, span: spanId || undefined } as never}
        title={title}
        aria-label={title}
      />
    ),
  }
}

/** All groups in one frame; with a comparison each group in a frame of its own, baseline against window. */
export function MetricCharts(props: Props) {
  const { lines, comparing } = props
  const ranked = useMemo(
    () => lines.toSorted((a, b) => (b.stats.avg ?? -Infinity) - (a.stats.avg ?? -Infinity)),
    [lines],
  )
  if (comparing) {
    const pairs = ranked.slice(0, MOST_PAIRS)
    return (
      <div className="metrics-pairs">
        <p className="metrics-key">
          <i className="window" aria-hidden /> this period <i className="baseline" aria-hidden /> the earlier
          one
          {ranked.length > pairs.length && (
            <span className="quiet">
              {' '}
              · the {pairs.length} highest of {ranked.length} groups
            </span>
          )}
        </p>
        <div className={pairs.length > 1 ? 'metrics-grid' : ''}>
          {pairs.map((line) => (
            <Pair key={line.key} {...props} line={line} single={pairs.length === 1} />
          ))}
        </div>
      </div>
    )
  }
  return <Together {...props} lines={ranked.slice(0, MOST_LINES)} hidden={ranked.length - MOST_LINES} />
}

function Together(props: Props & { hidden: number }) {
  const { lines, stepMs, scale, exemplars, project } = props
  const { times, series } = useMemo(() => {
    const { times, values } = align(
      lines.map((l) => l.points),
      stepMs,
    )
    const series = lines.map((l, i): Series => ({
      label: l.label,
      colour: l.colour,
      values: converted(values[i]!, scale),
      kind: 'line',
    }))
    return { times, series }
  }, [lines, stepMs, scale])
  const dots = useMemo(
    () => exemplars.map((exemplar) => dotOf(exemplar, project, scale)),
    [exemplars, project, scale],
  )
  return (
    <>
      <TimeChart
        label={props.name}
        dots={dots}
        times={times}
        series={series}
        unit={scale.unit}
        format={scale.show}
        height={280}
        sync="metrics"
        highlight={props.highlight}
        onBrush={props.onBrush}
      />
      {dots.length > 0 && (
        <p className="metrics-note">
          Each ◇ is one measurement with its trace: of every step the largest. Choose one to open it.
        </p>
      )}
      {props.hidden > 0 && (
        <p className="metrics-note">
          The {MOST_LINES} highest of {lines.length + props.hidden} series are drawn; the table has them all.
        </p>
      )}
    </>
  )
}

function Pair(props: Props & { line: Line; single: boolean }) {
  const { line, stepMs, scale } = props
  const { times, series } = useMemo(() => {
    const { times, values } = align([line.baseline?.points ?? [], line.points], stepMs)
    const series: Series[] = [
      {
        label: 'earlier',
        colour: 'var(--baseline)',
        values: converted(values[0]!, scale),
        kind: 'line',
        dashed: true,
      },
      { label: 'this period', colour: 'var(--window)', values: converted(values[1]!, scale), kind: 'line' },
    ]
    return { times, series }
  }, [line, stepMs, scale])
  return (
    <section className={props.highlight === line.label ? 'metrics-pair on' : 'metrics-pair'}>
      {!props.single && (
        <h3 className="cut" title={line.label}>
          {line.label}
        </h3>
      )}
      {!line.baseline && (
        <p className="metrics-note">Nothing to compare with: it was not there in the earlier period.</p>
      )}
      <TimeChart
        label={`${line.label}: this period and the earlier one`}
        times={times}
        series={series}
        unit={scale.unit}
        format={scale.show}
        height={props.single ? 280 : 120}
        sync="metrics"
        onBrush={props.onBrush}
      />
    </section>
  )
}
