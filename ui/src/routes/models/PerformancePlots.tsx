/** Confusion, calibration and the curves of a yes-or-no question. */
import type { PerformanceReport } from '@/api/types'
import { compact } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'
import { figure } from './measures'

const SIZE = 180
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
  dots?: boolean
  /** Where the chosen threshold lies. */
  at?: Point | undefined
  /** What guessing would give: from corner to corner, or a level. */
  level?: number
}

function Square(p: SquareProps) {
  return (
    <figure className="mo-square">
      <svg viewBox={`-2 -2 ${SIZE + 4} ${SIZE + 4}`} role="img" aria-label={p.label}>
        <rect width={SIZE} height={SIZE} fill="none" stroke="var(--line)" />
        <path
          d={
            p.level === undefined
              ? `M0,${SIZE}L${SIZE},0`
              : `M0,${(1 - p.level) * SIZE}L${SIZE},${(1 - p.level) * SIZE}`
          }
          stroke="var(--line-strong)"
          strokeDasharray="3 3"
        />
        <path d={line(p.points)} fill="none" stroke="var(--window)" strokeWidth={1.5} />
        {p.dots &&
          p.points.map(([x, y], n) => (
            <circle key={n} cx={x * SIZE} cy={(1 - y) * SIZE} r={2.5} fill="var(--window)" />
          ))}
        {p.at && (
          <circle
            cx={p.at[0] * SIZE}
            cy={(1 - p.at[1]) * SIZE}
            r={4.5}
            fill="var(--surface)"
            stroke="var(--text)"
            strokeWidth={1.5}
          />
        )}
      </svg>
      <figcaption className="quiet">
        across: {p.x}; up: {p.y}
      </figcaption>
    </figure>
  )
}

export function Calibration({ bins }: { bins: PerformanceReport['calibration'] }) {
  const points = bins.map((one): Point => [one.mean_prediction, one.mean_label])
  const said = bins
    .map(
      (one) =>
        `${figure(one.low)} to ${figure(one.high)}: said ${percent(one.mean_prediction)}, came ${percent(one.mean_label)}`,
    )
    .join('; ')
  return (
    <section>
      <h2>Do probabilities come true?</h2>
      <Square label={`Calibration. ${said}`} x="predicted" y="came" points={points} dots />
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
}

export function Roc({ table, at }: CurveProps) {
  const points = table.thresholds.map((_, n) => rates(table, n))
  return (
    <section>
      <h2>ROC</h2>
      <Square
        label="ROC curve"
        x="false positive rate"
        y="recall"
        points={[[1, 1], ...points.toSorted((a, b) => b[0] - a[0] || b[1] - a[1]), [0, 0]]}
        at={points[placeOf(table, at)]}
      />
    </section>
  )
}

/** Precision over recall. Where nothing is called positive there is no precision, and no point. */
export function PrecisionRecall({ table, at }: CurveProps) {
  const of = (n: number): Point | undefined => {
    const [tp, fp, fn] = [table.tp[n]!, table.fp[n]!, table.fn[n]!]
    return tp + fp && tp + fn ? [tp / (tp + fn), tp / (tp + fp)] : undefined
  }
  const points = table.thresholds.map((_, n) => of(n)).filter((point) => point !== undefined)
  const all = table.tp[0]! + table.fp[0]! + table.tn[0]! + table.fn[0]!
  const share = all ? (table.tp[0]! + table.fn[0]!) / all : 0
  return (
    <section>
      <h2>Precision and recall</h2>
      <Square
        label={`Precision-recall curve; ${percent(share)} are positive`}
        x="recall"
        y="precision"
        points={points}
        at={of(placeOf(table, at))}
        level={share}
      />
    </section>
  )
}

export function ConfusionTable({ of }: { of: NonNullable<PerformanceReport['confusion']> }) {
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
                    {compact(n)}
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
