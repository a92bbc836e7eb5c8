/** What is to be judged: the conversation of a span, of a trace, or of a session. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link, useNavigate } from '@tanstack/react-router'
import { spanQuery } from '@/api/queries'
import type { What } from '@/api/reviewQueries'
import { turnsQuery } from '@/api/sessionQueries'
import type { ReviewRow } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import '../trace/trace.css'

const ConversationPanel = lazy(() =>
  import('../trace/conversation/ConversationPanel').then((m) => ({ default: m.ConversationPanel })),
)
const Thread = lazy(() => import('../trace/conversation/Thread').then((m) => ({ default: m.Thread })))

export function Item({ what, row, project }: { what: What; row: ReviewRow; project: string }) {
  const { search } = useView()
  const navigate = useNavigate()
  return (
    <Suspense fallback={<SkeletonRows rows={8} />}>
      {row.trace_id ? (
        <div className="rv-note row">
          <h2>
            <Isolated text={row.name || 'unnamed'} />
          </h2>
          <Link
            to="/traces/$traceId"
            params={{ traceId: row.trace_id }}
            search={{ ...travelling(search), q: undefined, span: row.span_id || undefined }}
          >
            Open in its trace
          </Link>
        </div>
      ) : (
        <p className="rv-note">
          <Link to="/sessions/one" search={{ ...travelling(search), id: row.session_id }}>
            Open the session
          </Link>
        </p>
      )}
      {what === 'span' && <Span project={project} row={row} />}
      {what === 'trace' && (
        <Thread
          project={project}
          traceId={row.trace_id}
          running={false}
          onSelect={(span) =>
            void navigate({
              to: '/traces/$traceId',
              params: { traceId: row.trace_id },
              search: { ...travelling(search), q: undefined, span },
            })
          }
        />
      )}
      {what === 'session' && <Turns project={project} id={row.session_id} />}
    </Suspense>
  )
}

function Span({ project, row }: { project: string; row: ReviewRow }) {
  const span = useQuery(spanQuery(project, row.trace_id, row.span_id))
  if (span.isPending) return <SkeletonRows rows={8} label="Loading the span" />
  if (span.isError) return <Failure error={span.error} retry={() => void span.refetch()} />
  return <ConversationPanel project={project} traceId={row.trace_id} span={span.data} />
}

function Turns({ project, id }: { project: string; id: string }) {
  const list = useInfiniteQuery(turnsQuery(project, id, 'start_time', false))
  if (list.isPending) return <SkeletonRows rows={8} label="Loading the session" />
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />
  const turns = list.data.pages.flatMap((page) => page.rows)
  return (
    <div className="k-scroll" tabIndex={0} role="region" aria-label="Session">
      {turns.length === 0 && <Empty title="This session has no traces any more" />}
      {turns.map((turn) => (
        <div className="rv-note" key={turn.trace.trace_id}>
          <p dir="auto">
            <span className="quiet">asked</span> <Isolated text={turn.asked} />
          </p>
          <p dir="auto">
            <span className="quiet">answered</span> <Isolated text={turn.answered} />
          </p>
        </div>
      ))}
      {list.hasNextPage && (
        <button type="button" className="plain rv-note" onClick={() => void list.fetchNextPage()}>
          Show the next turns
        </button>
      )}
    </div>
  )
}
