/** How differently groups are treated: for each notion of fairness the two that lie furthest apart. */
import type { ChosenSlices } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'

const NOTIONS: Record<string, [name: string, what: string]> = {
  demographic_parity: ['Demographic parity', 'share called positive'],
  equal_opportunity: ['Equal opportunity', 'recall'],
  predictive_equality: ['Predictive equality', 'false positive rate'],
  predictive_parity: ['Predictive parity', 'precision'],
  accuracy_equality: ['Accuracy equality', 'accuracy'],
  false_omission_parity: ['False omission parity', 'false omission rate'],
}

export function Gaps({ gaps }: { gaps: ChosenSlices['gaps'] }) {
  if (!gaps.length) return null
  return (
    <section>
      <h2>Gaps between the groups</h2>
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Gaps between the groups">
        <table>
          <thead>
            <tr>
              <th scope="col">What should be alike</th>
              <th scope="col">Gap</th>
              <th scope="col">95 %</th>
              <th
                scope="col"
                title="The lowest by the highest; below 0.8 is often taken for disparate impact"
              >
                Ratio
              </th>
              <th scope="col">
                <span className="sr-only">More than chance</span>
              </th>
              <th scope="col">Highest</th>
              <th scope="col">Lowest</th>
            </tr>
          </thead>
          <tbody>
            {gaps.map((gap) => (
              <tr key={gap.notion}>
                <th scope="row">
                  {NOTIONS[gap.notion]?.[0] ?? gap.notion}{' '}
                  <span className="quiet">{NOTIONS[gap.notion]?.[1] ?? gap.metric}</span>
                </th>
                <td>{percent(gap.difference)}</td>
                <td className="quiet">
                  {percent(Math.max(gap.lower, 0))} to {percent(gap.upper)}
                </td>
                <td>{gap.ratio === null ? '–' : gap.ratio.toFixed(2)}</td>
                <td>
                  <span className={`k-badge ${gap.clear ? 'warn' : 'quiet'}`}>
                    {gap.clear ? 'more than chance' : 'may be chance'}
                  </span>
                </td>
                <td>
                  {percent(gap.high)} <Isolated text={gap.highest} />
                </td>
                <td>
                  {percent(gap.low)} <Isolated text={gap.lowest} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
