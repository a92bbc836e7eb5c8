/** Confusion, calibration and the curves of a yes-or-no question. */
import type { MouseEvent, ReactNode } from 'react'
import type { Scope } from '@/api/queries'
import type { PerformanceReport } from '@/api/types'
import { compact, counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'
import { figure } from './measures'
import { binFilter, cellFilter } from './performanceWords'
import { ToPredictions } from './ToPredictions'

const SIZE = 180
const TICKS = [0, 0.5, 1]
/** Labels below which a bin of the calibration says little. */
const FEW = 10
type Point = [x: number, y: number]
const line = (points: Point[]) =>
  points
    .map(([x, y], n) => `${n ? 'L' : 'M'}${(x * SIZE).toFixed(1)},${((1 - y) * SIZE).toFixed(1)}`)
    .join('')

interface SquareProps {
  label: string
  x: string
  y: string
  points: Point[]
  /** On top of the line. */
  dots?: ReactNode
  /** A click on the line: the point of it that is nearest. */
  onPoint?: (n: number) => void
  /** Where the chosen threshold lies. */
  at?: Point | undefined
  /** What guessing would give: from corner to corner, or a level. */
  level?: number
}

/** The point of a curve that is nearest to where somebody clicked. */
function nearest(points: Point[], event: MouseEvent<SVGElement>): number {
  const box = event.currentTarget.getBoundingClientRect()
  const [x, y] = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height]
  const far = ([a, b]: Point) => (a - x) ** 2 + (b - y) ** 2
  return points.reduce((best, point, n) => (far(point) < far(points[best]!) ? n : best), 0)
}

function Square(p: SquareProps) {
  const { onPoint } = p
  return (
    <figure className="mo-square">
      <svg viewBox={`-30 -6 ${SIZE + 38} ${SIZE + 24}`} role={p.dots ? 'group' : 'img'} aria-label={p.label}>
        {TICKS.map((tick) => (
          <g key={tick} className="mo-tick" aria-hidden>
            <text x={-5} y={(1 - tick) * SIZE + 4} textAnchor="end">
              {tick}
            </text>
            <text x={tick * SIZE} y={SIZE + 14} textAnchor="middle">
              {tick}
            </text>
          </g>
        ))}
        <rect
          width={SIZE}
          height={SIZE}
          fill="transparent"
          stroke="var(--line)"
          className={onPoint && 'mo-tried'}
          onClick={onPoint && ((event) => onPoint(nearest(p.points, event)))}
        />
        <path
          d={
            p.level === undefined
              ? `M0,${SIZE}L${SIZE},0`
              : `M0,${(1 - p.level) * SIZE}L${SIZE},${(1 - p.level) * SIZE}`
          }
          stroke="var(--line-strong)"
          strokeDasharray="3 3"
          pointerEvents="none"
        />
        <path d={line(p.points)} fill="none" stroke="var(--window)" strokeWidth={1.5} pointerEvents="none" />
        {p.dots}
        {p.at && (
          <circle
            cx={p.at[0] * SIZE}
            cy={(1 - p.at[1]) * SIZE}
            r={4.5}
            fill="var(--surface)"
            stroke="var(--text)"
            strokeWidth={1.5}
            pointerEvents="none"
          />
        )}
      </svg>
      <figcaption className="quiet">
        across: {p.x}; up: {p.y}
      </figcaption>
    </figure>
  )
}

interface Of {
  model: string
  window: Scope
  report: PerformanceReport
}

export function Calibration({ model, window, report }: Of) {
  const bins = report.calibration
  const points = bins.map((one): Point => [one.mean_prediction, one.mean_label])
  const text = (one: (typeof bins)[number]) =>
    `${figure(one.low)} to ${figure(one.high)}: said ${percent(one.mean_prediction)}, came ${percent(one.mean_label)} of ${counted(one.rows, 'prediction')}`
  return (
    <section>
      <h2>Do probabilities come true?</h2>
      <Square
        label="Calibration"
        x="predicted"
        y="came; hollow where labels are few"
        points={points}
        dots={bins.map((one, n) => (
          <ToPredictions key={one.low} model={model} window={window} q={binFilter(one)} label={text(one)}>
            <circle
              cx={points[n]![0] * SIZE}
              cy={(1 - points[n]![1]) * SIZE}
              r={4}
              fill={one.rows < FEW ? 'var(--bg)' : 'var(--window)'}
              stroke="var(--window)"
            >
              <title>{text(one)}</title>
            </circle>
          </ToPredictions>
        ))}
      />
    </section>
  )
}

type Table = NonNullable<PerformanceReport['thresholds']>

/** The false positive rate and the recall at a threshold. */
const rates = (table: Table, n: number): Point => {
  const [tp, fp, tn, fn] = [table.tp[n]!, table.fp[n]!, table.tn[n]!, table.fn[n]!]
  return [fp + tn ? fp / (fp + tn) : 0, tp + fn ? tp / (tp + fn) : 0]
}

/** The place of the threshold that is tried out, 0.5 where none is. */
const placeOf = (table: Table, at: string | undefined): number => {
  const wanted = Number(at ?? '0.5')
  let best = 0
  table.thresholds.forEach((one, n) => {
    if (Math.abs(one - wanted) < Math.abs(table.thresholds[best]! - wanted)) best = n
  })
  return best
}

interface CurveProps {
  table: Table
  at: string | undefined
  /** Tries another threshold. */
  onTry: (threshold: number) => void
}

export function Roc({ table, at, onTry }: CurveProps) {
  const points = table.thresholds
    .map((threshold, n) => ({ threshold, point: rates(table, n) }))
    .toSorted((a, b) => b.point[0] - a.point[0] || b.point[1] - a.point[1])
  return (
    <section>
      <h2>ROC</h2>
      <Square
        label="ROC curve"
        x="false positive rate"
        y="recall"
        points={[[1, 1], ...points.map((one) => one.point), [0, 0]]}
        onPoint={(n) => onTry(points[Math.min(Math.max(n - 1, 0), points.length - 1)]!.threshold)}
        at={rates(table, placeOf(table, at))}
      />
    </section>
  )
}

/** Precision over recall. Where nothing is called positive there is no precision, and no point. */
export function PrecisionRecall({ table, at, onTry }: CurveProps) {
  const of = (n: number): Point | undefined => {
    const [tp, fp, fn] = [table.tp[n]!, table.fp[n]!, table.fn[n]!]
    return tp + fp && tp + fn ? [tp / (tp + fn), tp / (tp + fp)] : undefined
  }
  const points = table.thresholds
    .map((threshold, n) => ({ threshold, point: of(n) }))
    .filter((one): one is { threshold: number; point: Point } => one.point !== undefined)
  const all = table.tp[0]! + table.fp[0]! + table.tn[0]! + table.fn[0]!
  const share = all ? (table.tp[0]! + table.fn[0]!) / all : 0
  return (
    <section>
      <h2>Precision and recall</h2>
      <Square
        label={`Precision-recall curve; ${percent(share)} are positive`}
        x="recall"
        y="precision"
        points={points.map((one) => one.point)}
        onPoint={(n) => points[n] && onTry(points[n].threshold)}
        at={of(placeOf(table, at))}
        level={share}
      />
    </section>
  )
}

export function ConfusionTable({ model, window, report }: Of) {
  const of = report.confusion!
  const all = of.matrix.flat().reduce((sum, n) => sum + n, 0)
  return (
    <section>
      <h2>What was right (rows), and what was said</h2>
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Confusion">
        <table>
          <thead>
            <tr>
              <td />
              {of.classes.map((name) => (
                <th key={name} scope="col">
                  said <Isolated text={name} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {of.matrix.map((row, was) => (
              <tr key={of.classes[was]}>
                <th scope="row">
                  was <Isolated text={of.classes[was]!} />
                </th>
                {row.map((n, said) => (
                  <td
                    key={said}
                    className={was === said ? '' : n ? 'mo-wrong' : 'quiet'}
                    title={percent(all ? n / all : 0)}
                  >
                    <ToPredictions
                      model={model}
                      window={window}
                      q={n ? cellFilter(report, of.classes, was, said) : null}
                    >
                      {compact(n)}
                    </ToPredictions>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
