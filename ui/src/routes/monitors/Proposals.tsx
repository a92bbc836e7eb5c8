/** What could be watched, made of what the project holds: one click to the form, one more to make it. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { metricCatalogQuery } from '@/api/metricQueries'
import { facetsQuery } from '@/api/queries'
import { servicesQuery } from '@/api/serviceQueries'
import type { SavedQuery } from '@/api/types'
import { firstQuery, QUERY_KINDS } from '@/kit/QueryFields'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { Failure, SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { proposalsOf } from './proposals'

const PAST = { from: 'now-6h', to: 'now', q: '' }

export function Proposals() {
  const { scope, search } = useView()
  const past = { project: scope.project, ...PAST }
  const services = useQuery(servicesQuery(past))
  const metrics = useQuery(metricCatalogQuery(scope.project, PAST.from, PAST.to))
  const logs = useQuery(facetsQuery('logs', past, 'service'))
  const asked = [services, metrics, logs]
  const failed = asked.find((query) => query.isError)
  if (failed) return <Failure error={failed.error} retry={() => asked.forEach((q) => void q.refetch())} />
  if (asked.some((query) => query.isPending))
    return <SkeletonRows rows={6} label="Looking for what could be watched" />
  const found = proposalsOf(
    services.data!.rows,
    metrics.data!.metrics,
    logs.data!.facets.some((facet) => facet.values.length > 0),
  )
  const keep = { ...travelling(search), q: undefined }
  return (
    <section className="mo-proposals" aria-label="Proposals">
      {found.length > 0 && (
        <p className="quiet">Begin with one of these. Nothing is made before you say so.</p>
      )}
      {found.length > 0 ? (
        <ul>
          {found.map((proposal) => (
            <li key={proposal.name}>
              <Link
                className="mo-use"
                to="/monitors/new"
                search={{ ...keep, name: proposal.name, watch: JSON.stringify(proposal.definition) } as never}
              >
                <Plus size={13} aria-hidden /> <span className="cut">{proposal.name}</span>
              </Link>
              <span className="quiet cut" title={proposal.why}>
                {proposal.why}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <>
          <p className="quiet">
            Nothing came into project {scope.project} in the past 6 hours that a proposal could be made of.
          </p>
          <SetUp project={scope.project} kinds={COMMON_SENDERS} />
        </>
      )}
      <p className="mo-scratch">
        From scratch:
        {QUERY_KINDS.map(({ value, label }) => (
          <Link
            key={value}
            to="/monitors/new"
            search={{ ...keep, watch: JSON.stringify(startOf(value)) } as never}
          >
            {label}
          </Link>
        ))}
        or “Make a monitor of this” at any chart.
      </p>
    </section>
  )
}

/** A table of one number is what a monitor can look at as it is. */
function startOf(kind: SavedQuery['kind']): SavedQuery {
  return kind === 'sql'
    ? { kind, query: 'SELECT count() AS spans FROM spans WHERE start_time > now() - 300' }
    : firstQuery(kind)
}
