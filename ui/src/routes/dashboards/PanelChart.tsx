import { useMemo } from 'react'
import type { DashboardPanel, QueryAnswer } from '@/api/types'
import { useSize } from '@/kit/hooks'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { align } from '@/kit/metricSeries'
import { framed, MOST_LINES, stepOf, type Drawn, type Line } from './answer'

const LEGEND = 22
/** Beyond this a legend says nothing that the tip and the table do not say better. */
const MOST_NAMED = 8

interface Props {
  panel: DashboardPanel
  answer: QueryAnswer
  drawn: Drawn
  /** The time that was asked for, where it has two ends. */
  span: [number, number] | null
  onBrush: (fromMs: number, toMs: number) => void
}

export function PanelChart({ panel, answer, drawn, span, onBrush }: Props) {
  const [measure, size] = useSize<HTMLDivElement>()
  const { scale } = drawn
  const lines = useMemo(() => drawn.lines.slice(0, MOST_LINES), [drawn])
  const kind = panel.chart === 'bar' ? 'bar' : panel.chart === 'area' ? 'area' : 'line'
  const stepMs = stepOf(panel, answer)
  const { times, series } = useMemo(() => {
    const aligned = spread(lines, span, stepMs)
    return {
      times: aligned.times,
      series: lines.map((l, i): Series => ({
        label: l.label,
        colour: l.colour,
        kind,
        values: aligned.values[i]!.map((v) => (v === null ? null : scale.convert(v))),
      })),
    }
  }, [lines, span, stepMs, scale, kind])
  const single = lines.length === 1 && !Object.keys(lines[0]!.labels).length
  const named = !single
  const left = drawn.lines.length - lines.length
  return (
    <div className="d-chart" ref={measure}>
      {size.height > 0 && (
        <TimeChart
          label={panel.title}
          times={times}
          series={series}
          unit={scale.unit}
          format={scale.show}
          stacked={kind !== 'line'}
          height={Math.max(60, size.height - (named ? LEGEND : 0))}
          {...(kind === 'bar' ? { intervalMs: stepMs } : {})}
          sync="dashboard"
          onBrush={onBrush}
          toggle={false}
        />
      )}
      {named && (
        <p className="d-legend">
          {lines.slice(0, MOST_NAMED).map((line) => (
            <span key={line.label} className="cut" title={line.label}>
              <i style={{ background: line.colour }} aria-hidden /> {line.label}
            </span>
          ))}
          {drawn.lines.length > MOST_NAMED && (
            <span className="quiet">
              {left > 0
                ? `${drawn.lines.length} series, the ${lines.length} highest are drawn`
                : `and ${lines.length - MOST_NAMED} more`}
            </span>
          )}
        </p>
      )}
    </div>
  )
}

/** One number, or one for each of a few; with the line that it comes from. */
export function PanelStat({ panel, answer, drawn, span, onBrush }: Props) {
  const [measure, size] = useSize<HTMLDivElement>()
  const { lines, scale } = drawn
  const cells = answer.table?.rows[0]
  const trend = lines.length === 1 && drawn.measured > 1 && size.height > 90
  const { times, series } = useMemo(
    () => trendOf(lines, span, stepOf(panel, answer)),
    [lines, span, panel, answer],
  )
  if (answer.table && cells) {
    return (
      <div className="d-stats">
        {answer.table.columns.slice(0, 6).map((column, i) => (
          <p key={column.name} className="d-stat">
            <b>{numberText(cells[i])}</b>
            {answer.table!.columns.length > 1 && <span className="quiet cut">{column.name}</span>}
          </p>
        ))}
      </div>
    )
  }
  return (
    <div className="d-stats" ref={measure}>
      {lines.slice(0, 6).map((line) => (
        <p key={line.label} className="d-stat">
          <b>
            {line.value === null ? '–' : scale.format(line.value)}
            {line.value !== null && scale.unit && <span className="unit">{scale.unit}</span>}
          </b>
          {lines.length > 1 && (
            <span className="quiet cut" title={line.label}>
              {line.label}
            </span>
          )}
        </p>
      ))}
      {lines.length > 6 && <p className="quiet">and {lines.length - 6} more: see the table</p>}
      {trend && (
        <div className="d-trend">
          <TimeChart
            label={`${panel.title} over time`}
            times={times}
            series={series.map((s) => ({
              ...s,
              values: s.values.map((v) => (v === null ? null : scale.convert(v))),
            }))}
            unit={scale.unit}
            format={scale.show}
            height={Math.max(44, size.height - 52)}
            sync="dashboard"
            onBrush={onBrush}
            toggle={false}
          />
        </div>
      )}
    </div>
  )
}

/** One axis for all lines, from one end of the time to the other. */
function spread(lines: Line[], span: [number, number] | null, stepMs: number) {
  const { times, values } = align(
    lines.map((l) => l.points),
    stepMs,
  )
  const [before, after] = framed(times, span, stepMs)
  const [head, tail] = [before.map(() => null), after.map(() => null)]
  return { times: [...before, ...times, ...after], values: values.map((v) => [...head, ...v, ...tail]) }
}

function trendOf(lines: Line[], span: [number, number] | null, stepMs: number) {
  const { times, values } = spread(lines, span, stepMs)
  return {
    times,
    series: lines.map((l, i) => ({ label: l.label, colour: 'var(--accent)', values: values[i]! })),
  }
}

function numberText(cell: unknown): string {
  if (cell === null || cell === undefined) return '–'
  const number =
    typeof cell === 'number' ? cell : typeof cell === 'string' && cell !== '' ? Number(cell) : NaN
  if (!Number.isFinite(number)) return typeof cell === 'object' ? JSON.stringify(cell) : String(cell)
  return Number.isInteger(number) ? number.toLocaleString('en-US') : String(Number(number.toPrecision(4)))
}

export function PanelTable({
  panel,
  answer,
  drawn,
}: {
  panel: DashboardPanel
  answer: QueryAnswer
  drawn: Drawn
}) {
  const { lines, scale } = drawn
  const unit = scale.unit ? ` ${scale.unit}` : ''
  const show = (value: number | null) => (value === null ? '–' : scale.format(value) + unit)
  const keys = [...new Set(lines.flatMap((l) => Object.keys(l.labels)))]
  const totals = answer.series.some((s) => s.total !== null)
  return (
    <div className="d-table" tabIndex={0} role="group" aria-label={`${panel.title}, as a table`}>
      {answer.table ? (
        <table>
          <thead>
            <tr>
              {answer.table.columns.map((column) => (
                <th key={column.name} scope="col" className={numeric(column.type) ? 'num' : ''}>
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {answer.table.rows.slice(0, 500).map((row, at) => (
              <tr key={at}>
                {row.map((cell, i) => (
                  <td
                    key={i}
                    className={numeric(answer.table!.columns[i]!.type) ? 'num' : 'cut'}
                    title={String(cell)}
                  >
                    {numeric(answer.table!.columns[i]!.type)
                      ? numberText(cell)
                      : cell === null
                        ? '–'
                        : typeof cell === 'object'
                          ? JSON.stringify(cell)
                          : String(cell).slice(0, 300)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <table>
          <thead>
            <tr>
              {(keys.length ? keys : ['series']).map((key) => (
                <th key={key} scope="col">
                  {key}
                </th>
              ))}
              {[...(totals ? ['whole time'] : ['last']), 'least', 'average', 'most'].map((name) => (
                <th key={name} scope="col" className="num">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((line, at) => (
              <tr key={at}>
                {(keys.length ? keys : ['']).map((key) => (
                  <td key={key} className="cut" title={key ? line.labels[key] : line.label}>
                    {key ? line.labels[key] || '(none)' : line.label}
                  </td>
                ))}
                <td className="num">{show(line.value)}</td>
                <td className="num">{show(line.stats.min)}</td>
                <td className="num">{show(line.stats.avg)}</td>
                <td className="num">{show(line.stats.max)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

const numeric = (type: string): boolean => /^(?:Nullable\()?(U?Int|Float|Decimal)/.test(type)
