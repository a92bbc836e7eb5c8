import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Bug } from 'lucide-react'
import { serviceErrorsQuery } from '@/api/errorQueries'
import { is, printTerm } from '@/kit/filter'
import { count } from '@/kit/format'
import { Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { ErrorTitle } from './ErrorTitle'
import './errors.css'

/** What a service fails with most often, each linked to its page. */
export function ServiceErrors({ service, live }: { service: string; live: boolean }) {
  const { scope, search } = useView()
  const q = printTerm(is('service', service))
  const query = useQuery({
    ...serviceErrorsQuery({ ...scope, q }),
    refetchInterval: live ? 10_000 : false,
  })
  const keep = { ...travelling(search), q }
  return (
    <section className="sv-section" aria-label="Errors">
      <h2>
        Errors{' '}
        <Link className="unit" to="/errors" search={keep}>
          all of them
        </Link>
      </h2>
      {query.isError && !query.data ? (
        <Failure aside error={query.error} retry={() => void query.refetch()} />
      ) : query.isPending ? (
        <SkeletonRows rows={3} label="Loading errors" />
      ) : query.data!.rows.length === 0 ? (
        <p className="quiet">No error of this service in this time.</p>
      ) : (
        <ul className="er-of" aria-label="Errors of this service">
          {query.data!.rows.map((row) => (
            <li key={row.fingerprint}>
              <Link to="/errors/$fingerprint" params={{ fingerprint: row.fingerprint }} search={keep}>
                <Bug size={13} aria-hidden /> <ErrorTitle of={row} />
              </Link>{' '}
              <span className="quiet">
                {count(row.count)} {row.count === 1 ? 'time' : 'times'}, last{' '}
                <RelativeTime iso={row.last_seen} />,{' '}
                {row.is_new ? <b className="er-unhandled">new</b> : 'known'} since{' '}
                <RelativeTime iso={row.first_seen} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
