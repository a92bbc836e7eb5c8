/** What `tapetum evaluate --keep` found of a model: blessed or not, and why not. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { evaluatedQuery } from '@/api/modelQueries'
import type { KeptEvaluations } from '@/api/types'
import { is, printTerm } from '@/kit/filter'
import { Isolated } from '@/kit/Isolated'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { metricName, metricText } from './performanceWords'

const FAILURES = 3
const METRICS = 4
type Row = KeptEvaluations['rows'][number]

export function Evaluated({ model }: { model: string }) {
  const { scope } = useView()
  const { data } = useQuery({ ...evaluatedQuery(scope, model), retry: false })
  if (!data?.rows.length) return null
  return (
    <section aria-label="Evaluations of versions">
      <h2>Evaluated before release</h2>
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Evaluations">
        <table>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">When</th>
              <th scope="col" className="mo-said">
                Verdict
              </th>
              <th scope="col" className="mo-said">
                Of all rows
              </th>
            </tr>
          </thead>
          <tbody>
            {data.rows.map((one) => (
              <tr key={one.evaluation}>
                <th scope="row">{one.version ? <Isolated text={one.version} /> : '–'}</th>
                <td>
                  <ToEvaluations of={one} />
                </td>
                <td className="mo-said">
                  <span className={`k-badge ${one.blessed ? 'ok' : 'warn'}`}>
                    {one.blessed ? 'blessed' : 'not blessed'}
                  </span>{' '}
                  <Why of={one} />
                </td>
                <td className="mo-said">
                  {one.metrics
                    .slice(0, METRICS)
                    .map((metric) => `${metricName(metric.name)} ${metricText(metric.name, metric.value)}`)
                    .join(', ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function Why({ of }: { of: Row }) {
  const shown = of.failures.slice(0, FAILURES)
  const more = of.failures.length - shown.length
  return (
    <span className="quiet">
      {shown.length ? (
        shown.map((one) => (
          <span key={one.slice + one.name}>
            <Isolated text={one.slice} />: {metricName(one.name)} {one.message}.{' '}
          </span>
        ))
      ) : (
        <Isolated text={of.explanation} />
      )}
      {more > 0 && <>and {more} more</>}
    </span>
  )
}

/** Everything that was kept of one evaluation. */
function ToEvaluations({ of }: { of: Row }) {
  const { search } = useView()
  return (
    <Link
      to="/evaluations"
      search={{
        ...travelling(search),
        from: new Date(Date.parse(of.time) - 1_000).toISOString(),
        to: new Date(Date.parse(of.time) + 1_000).toISOString(),
        q: printTerm(is('attributes.evaluation', of.evaluation)),
      }}
    >
      <RelativeTime iso={of.time} />
    </Link>
  )
}
