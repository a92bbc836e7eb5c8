import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Activity, Bug, ScrollText } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { sessionsQuery, userQuery } from '@/api/sessionQueries'
import type { SessionRow } from '@/api/types'
import { Crumb } from '@/kit/Crumb'
import { DataTable } from '@/kit/DataTable'
import { ExportMenu } from '@/kit/ExportMenu'
import { is, printTerm } from '@/kit/filter'
import { counted } from '@/kit/format'
import { Page } from '@/kit/Page'
import { Failure, NotEnoughData, SkeletonRows } from '@/kit/states'
import { RelativeTime, Tokens } from '@/kit/values'
import { useRows } from '@/kit/useRows'
import { travelling, useView } from '@/kit/view'
import { Took } from '@/routes/services/measures'
import { Money } from '../llm/Money'
import { columnsOf, Named, short } from './columns'
import { SessionChart } from './SessionChart'
import './sessions.css'

const LIVE_MS = 10_000
const COLUMNS = columnsOf('sessions').filter((column) => column.id !== 'user')

/** One user: what was asked, what it cost, and in which sessions, within the time. */
export function UserPage() {
  const { search, scope, live, patch } = useView()
  const navigate = useNavigate()
  const id = search.id ?? ''
  const own = printTerm(is('user_id', id))
  const query = useQuery({
    ...userQuery({ ...scope, q: '' }, id),
    refetchInterval: live ? LIVE_MS : false,
  })
  const of = useMemo(() => ({ ...scope, q: own }), [scope, own])
  const sort = search.order ?? '-last_seen'
  const list = useInfiniteQuery({
    ...sessionsQuery('sessions', of, sort),
    refetchInterval: live ? LIVE_MS : false,
  })
  const { rows, ...pages } = useRows(list)
  const open = useCallback(
    (row: SessionRow) =>
      void navigate({
        to: '/sessions/one',
        search: (old) => ({ ...travelling(old), id: row.id }),
      }),
    [navigate],
  )
  const keep = { ...travelling(search), q: own }
  const row = query.data
  return (
    <Page
      title={`User ${short(id)}`}
      heading={
        <div className="k-band">
          <div className="row">
            <Crumb to="/users" label="Users" />
            <h1 className="k-title cut" title={id.slice(0, 1000)}>
              {short(id)}
            </h1>
            <span className="grow" />
            <ExportMenu
              what="traces"
              scope={of}
              about="All traces of this user in this time"
              disabled={!row}
            />
          </div>
          {row && (
            <p className="se-facts">
              <span>{counted(row.sessions, 'session')}</span>
              <span>{counted(row.traces, 'trace')}</span>
              <span>{row.failed ? `${counted(row.failed, 'trace')} failed` : 'none failed'}</span>
              <span>{counted(row.calls, 'LLM call')}</span>
              {row.calls > 0 && (
                <>
                  <span>
                    cost <Money value={row.cost_usd} unpriced={row.unpriced} />
                  </span>
                  <span>
                    tokens <Tokens input={row.input_tokens} output={row.output_tokens} />
                  </span>
                </>
              )}
              <span>
                p95 <Took ms={row.p95_ms} />
              </span>
              {row.models.length > 0 && (
                <span className="quiet">
                  <Named of={row.models} />
                </span>
              )}
              <span className="quiet">
                last seen <RelativeTime iso={row.last_seen} />
              </span>
            </p>
          )}
          <p className="se-facts">
            <Link to="/traces" search={keep}>
              <Activity size={13} aria-hidden /> Traces
            </Link>
            <Link to="/errors" search={keep}>
              <Bug size={13} aria-hidden /> Errors
            </Link>
            <Link to="/llm" search={keep}>
              <ScrollText size={13} aria-hidden /> LLM calls
            </Link>
          </p>
          {row && <SessionChart whose="users" scope={of} live={live} />}
        </div>
      }
    >
      {query.isPending || list.isPending ? (
        <SkeletonRows rows={16} label="Loading the user" />
      ) : query.isError && !row ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : list.isError && !list.data ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : rows.length === 0 ? (
        <NotEnoughData title="No session">
          <p>No trace of this user names a session: look at the traces themselves.</p>
        </NotEnoughData>
      ) : (
        <div className="k-body">
          <div className="k-rows">
            <DataTable
              label="Sessions of the user"
              columns={COLUMNS}
              rows={rows}
              rowKey={keyOf}
              onSelect={open}
              onOpen={open}
              tone={toneOf}
              sort={sort}
              onSort={(next) => patch({ order: next }, true)}
              {...pages}
            />
          </div>
        </div>
      )}
    </Page>
  )
}

const keyOf = (row: SessionRow) => row.id
const toneOf = (row: SessionRow) => (row.failed > 0 ? 'error' : '')
