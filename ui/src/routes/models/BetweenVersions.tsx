/** What the two versions were asked and said: which columns differ between their predictions. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { driftQuery } from '@/api/modelQueries'
import type { Scope } from '@/api/queries'
import { Isolated } from '@/kit/Isolated'
import { SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { Legend, SmallBars } from './Bars'
import { movedText, telling } from './driftWords'
import { figure } from './measures'
import { Verdict } from './Drift'

const MOST = 6

export function BetweenVersions(p: { model: string; window: Scope; champion: string; challenger: string }) {
  const { search } = useView()
  const query = useQuery({
    ...driftQuery(p.window, p.model, { version: p.challenger, baseline_version: p.champion }),
    retry: false,
  })
  const report = query.data
  const features = (report?.features ?? []).filter((one) => one.verdict === 'drift')
  const drift = {
    ...travelling(search),
    name: p.model,
    view: 'drift' as const,
    version: p.challenger,
    base: `version:${p.champion}`,
  }
  return (
    <>
      <h2>What they were asked, and said</h2>
      {query.isError ? (
        <p className="quiet">
          Not compared: <Isolated text={query.error.message} />
        </p>
      ) : !report ? (
        <SkeletonRows rows={3} label="Comparing inputs" />
      ) : report.verdict === 'not_enough_data' ? (
        <p className="quiet">Too few predictions of one of them to hold their inputs against each other.</p>
      ) : (
        <>
          <p>
            {features.length
              ? `${features.length} of ${report.compared} columns differ between the two`
              : `All ${report.compared} columns are alike between the two`}
            {'. '}
            <Link to="/models/one" search={drift}>
              All columns
            </Link>
          </p>
          {features.length > 0 && (
            <div className="mo-wide" tabIndex={0} role="region" aria-label="Columns that differ">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Column</th>
                    <th scope="col">Verdict</th>
                    <th scope="col">Distance</th>
                    <th scope="col">
                      <Legend baseline={p.champion} window={p.challenger} />
                    </th>
                    <th scope="col">What differs most</th>
                  </tr>
                </thead>
                <tbody>
                  {features.slice(0, MOST).map((one) => (
                    <tr key={one.name}>
                      <th scope="row">
                        <Link to="/models/one" search={{ ...drift, sel: one.name }}>
                          <Isolated text={one.name} />
                        </Link>
                      </th>
                      <td>
                        <Verdict of={one} />
                      </td>
                      <td>{figure(Number((telling(one)?.value ?? 0).toPrecision(2)))}</td>
                      <td>
                        <SmallBars feature={one} />
                      </td>
                      <td className="quiet">
                        <Isolated text={movedText(one) || '–'} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </>
  )
}
