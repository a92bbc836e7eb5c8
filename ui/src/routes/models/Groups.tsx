/** How differently groups are treated; and each class of predictions that are several at once. */
import type { Scope } from '@/api/queries'
import type { PerformanceReport } from '@/api/types'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'
import { classFilter, NOTIONS, sliceFilter } from './performanceWords'
import { ToPredictions } from './ToPredictions'

/** `column`: whose values the groups are; without it they are slices in words. */
export function Gaps(p: { gaps: PerformanceReport['gaps']; model: string; window: Scope; column?: string }) {
  const { gaps } = p
  const group = (name: string) => (
    <ToPredictions
      model={p.model}
      window={p.window}
      q={sliceFilter(p.column === undefined ? name : `${p.column} = ${name}`)}
    >
      <Isolated text={name} />
    </ToPredictions>
  )
  if (!gaps.length) return null
  return (
    <section aria-label="Gaps between groups">
      <h2>Are they treated alike?</h2>
      <ul className="mo-worst">
        {gaps.map((gap) => {
          const apart = gap.lower > 0
          return (
            <li key={gap.notion}>
              <span>
                {NOTIONS[gap.notion] ?? gap.notion}: {percent(gap.high)} where {group(gap.highest)},{' '}
                {percent(gap.low)} where {group(gap.lowest)}
              </span>
              <span>
                <span className={`k-badge ${apart ? 'warn' : 'quiet'}`}>
                  {gap.unequal
                    ? `${percent(gap.ratio ?? 0)} of the highest: under four fifths`
                    : apart
                      ? `${percent(gap.difference)} apart`
                      : 'may be chance'}
                </span>{' '}
                <span className="quiet">
                  {percent(Math.max(0, gap.lower))} to {percent(gap.upper)}
                </span>
              </span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** How many, and which of them: whether it was so and whether it was said, where that matters. */
const cells = (of: PerformanceReport['classes'][number]): [n: number, was?: boolean, said?: boolean][] => [
  [of.tp + of.fp, undefined, true],
  [of.tp + of.fn, true],
  [of.tp, true, true],
  [of.fp, false, true],
  [of.fn, true, false],
]

/** Each count leads to the predictions that it counts: all of them have a label. */
export function Classes(p: {
  model: string
  window: Scope
  classes: PerformanceReport['classes']
  more: number
}) {
  const share = (part: number, whole: number) => (whole ? percent(part / whole) : '–')
  return (
    <section>
      <h2>Class by class</h2>
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Classes">
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">Said</th>
              <th scope="col">Was so</th>
              <th scope="col">Right</th>
              <th scope="col">Wrongly said</th>
              <th scope="col">Missed</th>
              <th scope="col">Precision</th>
              <th scope="col">Recall</th>
            </tr>
          </thead>
          <tbody>
            {p.classes.map((one) => (
              <tr key={one.name}>
                <th scope="row">
                  <Isolated text={one.name} />
                </th>
                {cells(one).map(([n, was, said], place) => (
                  <td key={place}>
                    <ToPredictions
                      model={p.model}
                      window={p.window}
                      q={n ? classFilter(one.name, was, said) : null}
                    >
                      {count(n)}
                    </ToPredictions>
                  </td>
                ))}
                <td>{share(one.tp, one.tp + one.fp)}</td>
                <td>{share(one.tp, one.tp + one.fn)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {p.more > 0 && (
        <p className="quiet">
          and {count(p.more)} more that were so less often; all of them count in the metrics
        </p>
      )}
    </section>
  )
}
