import { Link } from '@tanstack/react-router'
import { AlertTriangle } from 'lucide-react'
import type { Finding } from '@/api/types'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { findingKey } from './findings'

const MOST = 3

/** What is wrong now, in as many words as one reads at a glance. */
export function FindingBanner({ rows, named }: { rows: readonly Finding[]; named?: boolean }) {
  const { search } = useView()
  const now = rows.filter((row) => row.current)
  if (!now.length) return null
  return (
    <section aria-label="Wrong now">
      {now.slice(0, MOST).map((one) => (
        <p key={findingKey(one)} className={`dq-banner dq-now ${one.severity === 'ERROR' ? '' : 'warn'}`}>
          <AlertTriangle size={13} aria-label={one.severity === 'ERROR' ? 'error' : 'warning'} />{' '}
          <Link
            to="/data-quality"
            search={{
              ...travelling(search),
              model: one.subject,
              model_version: search.model_version,
              view: 'findings',
              sel: findingKey(one),
            }}
          >
            {named && (
              <>
                <Isolated text={one.subject} />
                {': '}
              </>
            )}
            <b>
              <Isolated text={one.feature} />
            </b>
          </Link>{' '}
          <span>
            <Isolated text={one.evidence} />{' '}
            <span className="quiet">
              {count(one.rows)} of {count(one.examples)} predictions
              {one.version && (
                <>
                  {' '}
                  of version <Isolated text={one.version} />
                </>
              )}
              , since <RelativeTime iso={one.first_seen} />
            </span>
          </span>
        </p>
      ))}
      {now.length > MOST && (
        <p className="dq-banner dq-now">
          and{' '}
          <Link
            to="/data-quality"
            search={{ ...travelling(search), model: named ? undefined : now[0]!.subject, view: 'findings' }}
          >
            {now.length - MOST} more
          </Link>
        </p>
      )}
    </section>
  )
}
