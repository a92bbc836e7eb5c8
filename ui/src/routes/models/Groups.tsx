/** How differently groups are treated; and each class of predictions that are several at once. */
import type { Scope } from '@/api/queries'
import type { PerformanceReport } from '@/api/types'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'
import { NOTIONS, sliceFilter } from './performanceWords'
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

export function Classes({ classes }: { classes: PerformanceReport['classes'] }) {
  const share = (part: number, whole: number) => (whole ? percent(part / whole) : '–')
  return (
    <section>
      <h2>Class by class</h2>
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Classes">
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">Right</th>
              <th scope="col">Wrongly said</th>
              <th scope="col">Missed</th>
              <th scope="col">Precision</th>
              <th scope="col">Recall</th>
            </tr>
          </thead>
          <tbody>
            {classes.map((one) => (
              <tr key={one.name}>
                <th scope="row">
                  <Isolated text={one.name} />
                </th>
                <td>{count(one.tp)}</td>
                <td>{count(one.fp)}</td>
                <td>{count(one.fn)}</td>
                <td>{share(one.tp, one.tp + one.fp)}</td>
                <td>{share(one.tp, one.tp + one.fn)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
