import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { infoQuery } from '@/api/queries'
import { sessionsQuery, type Whose } from '@/api/sessionQueries'
import type { SessionRow } from '@/api/types'
import { NothingFound } from '@/kit/NothingFound'
import { DataTable } from '@/kit/DataTable'
import { csvCell, downloadText } from '@/kit/download'
import { ExportMenu } from '@/kit/ExportMenu'
import { FilterBar } from '@/kit/FilterBar'
import { counted } from '@/kit/format'
import { Outside } from '@/kit/Outside'
import { Explorer, Page } from '@/kit/Page'
import { reachedAt } from '@/kit/setUpText'
import { Snippet, unanswered } from '@/kit/states'
import { useFacets } from '@/kit/useFacets'
import { useRows } from '@/kit/useRows'
import { travelling, useView } from '@/kit/view'
import { SPAN_KEYS } from '../traces/columns'
import { columnsOf } from './columns'
import { SessionChart } from './SessionChart'
import './sessions.css'

const DEFAULT_SORT = '-last_seen'
const LIVE_MS = 5_000
const SAVED = [
  'id',
  'first_seen',
  'last_seen',
  'traces',
  'failed',
  'calls',
  'errors',
  'input_tokens',
  'output_tokens',
  'cost_usd',
  'unpriced',
  'p50_ms',
  'p95_ms',
  'sessions',
  'last_error',
] as const

const csvOf = (rows: SessionRow[]): string =>
  [SAVED, ...rows.map((row) => SAVED.map((name) => row[name]))]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\r\n')

/** Conversations, each with all of its traces. */
export const SessionsPage = () => <List key="sessions" whose="sessions" />
/** Who asked, in which sessions, and what it cost. */
export const UsersPage = () => <List key="users" whose="users" />

const KEY = { sessions: 'session_id', users: 'user_id' } as const

function List({ whose }: { whose: Whose }) {
  const { search, scope, live, patch, setQ } = useView()
  const navigate = useNavigate()
  const sort = search.sort ?? DEFAULT_SORT
  const { facets, show } = useFacets('spans')
  const list = useInfiniteQuery({
    ...sessionsQuery(whose, scope, sort),
    refetchInterval: live ? LIVE_MS : false,
  })
  const { rows, ...pages } = useRows(list)
  const columns = useMemo(() => columnsOf(whose), [whose])
  const open = useCallback(
    (row: SessionRow) =>
      void navigate({
        to: whose === 'sessions' ? '/sessions/one' : '/users/one',
        search: (old) => ({ ...travelling(old), id: row.id }),
      }),
    [navigate, whose],
  )
  const title = whose === 'sessions' ? 'Sessions' : 'Users'
  return (
    <Page title={title}>
      <Explorer
        filter={
          <FilterBar
            scope={scope}
            signal="spans"
            keys={SPAN_KEYS}
            placeholder={
              whose === 'sessions'
                ? 'Filter: user_id:alice status:error model:gpt* cost_usd:>0.1, or words'
                : 'Filter: user_id:alice* status:error model:gpt*, or words'
            }
            onChange={setQ}
          />
        }
        chart={
          <>
            <SessionChart whose={whose} scope={scope} live={live} />
            <Outside signal="spans" scope={scope} />
          </>
        }
        facets={facets}
      >
        <div className="k-toolbar">
          {show}
          <span className="quiet" role="status">
            {list.data
              ? counted(rows.length, whose === 'sessions' ? 'session' : 'user', list.hasNextPage)
              : ''}
          </span>
          <span className="grow" />
          <ExportMenu
            what="traces"
            scope={{ ...scope, q: `${KEY[whose]}:* ${scope.q}`.trim() }}
            disabled={rows.length === 0}
            about={`All traces of the ${whose} of this filter and time`}
            shown={{
              label: `CSV of the ${whose} shown`,
              save: () => downloadText(`${whose}.csv`, 'text/csv', csvOf(rows)),
            }}
          />
        </div>
        {unanswered(list, 20, `Loading ${whose}`) ??
          (rows.length === 0 ? (
            <Nobody whose={whose} />
          ) : (
            <DataTable
              label={title}
              columns={columns}
              rows={rows}
              rowKey={keyOf}
              onSelect={open}
              onOpen={open}
              tone={toneOf}
              sort={sort}
              onSort={(next) => patch({ sort: next }, true)}
              {...pages}
            />
          ))}
      </Explorer>
    </Page>
  )
}

const keyOf = (row: SessionRow) => row.id
const toneOf = (row: SessionRow) => (row.failed > 0 ? 'error' : '')

const SAY = {
  sessions: `from opentelemetry import trace

trace.get_current_span().set_attribute("session.id", "conversation-1")`,
  users: `from opentelemetry import trace

trace.get_current_span().set_attribute("user.id", "alice")`,
}

function Nobody({ whose }: { whose: Whose }) {
  const { scope } = useView()
  const info = useQuery(infoQuery)
  return (
    <NothingFound what={whose} filtered={!!scope.q}>
      <p>
        {whose === 'sessions'
          ? 'A session is whatever spans name as session.id or gen_ai.conversation.id; one span of a trace is enough. From Python:'
          : 'A user is whoever spans name as user.id; one span of a trace is enough. From Python:'}
      </p>
      <Snippet label="example" text={SAY[whose]} />
      <p className="quiet">
        OTLP over HTTP at <span className="mono">{reachedAt(location.origin, info.data?.otlp_http)}</span>.
      </p>
    </NothingFound>
  )
}
