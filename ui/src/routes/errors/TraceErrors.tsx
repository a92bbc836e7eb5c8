import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Bug } from 'lucide-react'
import { traceErrorsQuery } from '@/api/errorQueries'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { ErrorTitle } from './ErrorTitle'
import './errors.css'

/** The errors that this trace tells of, each with since when it is known. Says nothing where there are none. */
export function TraceErrors({ project, traceId }: { project: string; traceId: string }) {
  const { search } = useView()
  const { data } = useQuery(traceErrorsQuery(project, traceId))
  if (!data?.rows.length) return null
  return (
    <ul className="er-of" aria-label="Errors of this trace">
      {data.rows.map((row) => (
        <li key={row.fingerprint}>
          <Link
            to="/errors/$fingerprint"
            params={{ fingerprint: row.fingerprint }}
            search={{ ...travelling(search), q: undefined, from: 'all', to: 'now' }}
          >
            <Bug size={13} aria-hidden />
            <span className="cut">
              <ErrorTitle of={row} />
            </span>
          </Link>
          <span className="quiet">
            first seen <RelativeTime iso={row.first_seen} />
          </span>
        </li>
      ))}
    </ul>
  )
}
