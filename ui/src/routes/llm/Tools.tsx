/** The tools that were used: which fail, which are slow. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { llmToolsQuery } from '@/api/llmQueries'
import { printFilter } from '@/kit/filter'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Failure } from '@/kit/states'
import { Names } from '@/kit/Value'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { ErrorShare, Took } from '@/routes/services/measures'
import { groupTerms } from './calls'

export function Tools({ live }: { live: number | false }) {
  const { scope, search } = useView()
  const query = useQuery({ ...llmToolsQuery(scope), refetchInterval: live })
  const keep = travelling(search)
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  const rows = query.data?.rows ?? []
  if (rows.length === 0) return null
  return (
    <section className="lm-section">
      <h2>
        Tools <span className="unit">{count(query.data!.total)}</span>
      </h2>
      <div className="lm-wide" role="region" aria-label="Tools" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Tool</th>
              <th scope="col" className="num">
                Uses
              </th>
              <th scope="col" className="num">
                Failed
              </th>
              <th scope="col" className="num">
                p50
              </th>
              <th scope="col" className="num">
                p95
              </th>
              <th scope="col">Agents</th>
              <th scope="col" className="num">
                Last used
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const q = [
                'kind:tool',
                '-duplicate_of:*',
                printFilter(groupTerms(['tool'], [row.tool])),
                scope.q,
              ]
                .filter(Boolean)
                .join(' ')
              return (
                <tr key={row.tool}>
                  <td title={row.tool.slice(0, 1000)}>
                    <Link to="/traces" search={{ ...keep, q, view: 'spans' }}>
                      {row.tool ? <Isolated text={row.tool.slice(0, 120)} /> : 'unnamed'}
                    </Link>
                  </td>
                  <td className="num">
                    <Link to="/traces" search={{ ...keep, q, view: 'spans' }}>
                      {count(row.uses)}
                    </Link>
                  </td>
                  <td className="num">
                    <Link to="/traces" search={{ ...keep, q: `${q} status:error`, view: 'spans' }}>
                      <ErrorShare share={row.error_rate} />
                    </Link>
                  </td>
                  <td className="num">
                    <Link to="/traces" search={{ ...keep, q, view: 'spans', sort: 'duration_ms' }}>
                      <Took ms={row.p50_ms} />
                    </Link>
                  </td>
                  <td className="num">
                    <Link to="/traces" search={{ ...keep, q, view: 'spans', sort: '-duration_ms' }}>
                      <Took ms={row.p95_ms} />
                    </Link>
                  </td>
                  <td className="quiet">
                    <Names of={row.agents.map((name) => name.slice(0, 60))} />
                  </td>
                  <td className="num">
                    <RelativeTime iso={row.last_used} />
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </section>
  )
}
