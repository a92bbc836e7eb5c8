import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, AlertCircle, Bug, ScrollText } from 'lucide-react'
import { sessionEvaluationsQuery } from '@/api/evaluationQueries'
import { FAILED_AT_ONCE, sessionQuery, turnsQuery } from '@/api/sessionQueries'
import type { SessionRow, SessionTurn } from '@/api/types'
import { answered } from '@/kit/answered'
import { Crumb } from '@/kit/Crumb'
import { ExportMenu } from '@/kit/ExportMenu'
import { is, printTerm } from '@/kit/filter'
import { count, counted } from '@/kit/format'
import { Page } from '@/kit/Page'
import { Failure, SkeletonRows, unanswered } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { ClockTime, Duration, RelativeTime, StatusBadge, Tokens } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { Took } from '@/routes/services/measures'
import { Money } from '../llm/Money'
import { Verdicts } from '../evaluations/Verdicts'
import { Named, SaidOf, short } from './columns'
import { Markdown } from '../trace/conversation/Markdown'
import '../trace/conversation/conversation.css'
import { RunningIn } from '../trace/RunningNow'
import { troubled } from '../trace/running'
import { againAfter, useLiveSession } from './liveSession'
import { TurnVerdicts } from './TurnVerdicts'
import './sessions.css'

/** One conversation across its traces: what it came to, what failed, and what was said turn by turn. */
export function SessionPage() {
  const { search, scope } = useView()
  const id = search.id ?? ''
  const query = useQuery(sessionQuery(scope.project, id))
  useLiveSession(scope.project, id)
  // It stands above the conversation and would push it away when it comes.
  const said = useQuery(sessionEvaluationsQuery(scope.project, id))
  return (
    <Page title={`Session ${short(id)}`} heading={<Head id={id} row={query.data} />}>
      {unanswered(query, 16, 'Loading the session') ??
        (!answered(said) ? (
          <SkeletonRows rows={16} label="Loading the session" />
        ) : (
          <div className="k-scroll se-page" tabIndex={0} role="region" aria-label="Session">
            <Verdicts project={scope.project} sessionId={id} />
            {query.data!.failed > 0 && <FailedTurns id={id} row={query.data!} />}
            <Replay id={id} row={query.data!} />
          </div>
        ))}
    </Page>
  )
}

function Head({ id, row }: { id: string; row: SessionRow | undefined }) {
  const { search, scope } = useView()
  const { project } = travelling(search)
  const keep = { project, from: 'all' }
  const q = printTerm(is('session_id', id))
  return (
    <div className="k-band">
      <div className="row">
        <Crumb to="/sessions" label="Sessions" />
        <h1 className="k-title cut" title={id.slice(0, 1000)}>
          {short(id)}
        </h1>
        <span className="grow" />
        <ExportMenu
          what="traces"
          scope={{ project: scope.project, from: 'all', to: 'now', q }}
          about="All traces of this session"
          disabled={!row}
        />
      </div>
      {/* The line is there before its words, as in the head of a model. */}
      {!row ? (
        <p className="se-facts">&nbsp;</p>
      ) : (
        <p className="se-facts">
          {row.users.length > 0 && (
            <span>
              of <Named of={row.users} />
            </span>
          )}
          <span>{counted(row.traces, 'trace')}</span>
          <span>{counted(row.calls, 'LLM call')}</span>
          <span>
            cost <Money value={row.cost_usd} unpriced={row.unpriced} />
          </span>
          <span>
            <Tokens input={row.input_tokens} output={row.output_tokens} />
          </span>
          <span>
            p50 <Took ms={row.p50_ms} />
          </span>
          <span>
            p95 <Took ms={row.p95_ms} />
          </span>
          <span>
            <RelativeTime iso={row.first_seen} /> to <RelativeTime iso={row.last_seen} />
          </span>
          {row.evaluations.count > 0 && (
            <span>
              evaluated <SaidOf row={row} />
            </span>
          )}
          <span className="quiet">
            <Named of={row.models} />
          </span>
        </p>
      )}
      <p className="se-facts">
        <Link to="/traces" search={{ ...keep, q, sort: 'start_time' }}>
          <Activity size={13} aria-hidden /> Traces
        </Link>
        <Link to="/traces" search={{ ...keep, q: `${q} status:error` }}>
          <Bug size={13} aria-hidden /> Failed
        </Link>
        <Link to="/llm" search={{ ...keep, q }}>
          <ScrollText size={13} aria-hidden /> LLM calls
        </Link>
      </p>
    </div>
  )
}

/** Trouble first: the newest turns that failed, before the replay. */
function FailedTurns({ id, row }: { id: string; row: SessionRow }) {
  const { scope } = useView()
  const list = useInfiniteQuery(turnsQuery(scope.project, id, '-start_time', true))
  const turns = list.data?.pages.flatMap((p) => p.rows) ?? []
  return (
    <section className="se-failed" aria-label="Failed turns">
      <h2>
        <AlertCircle size={13} aria-hidden /> {counted(row.failed, 'trace')} failed
        {row.last_error && <span className="quiet cut">last: {row.last_error}</span>}
      </h2>
      {list.isError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : (
        <ul>
          {/* Lines for those that are still to come: the replay stands below. */}
          {list.isPending &&
            Array.from({ length: Math.min(row.failed, FAILED_AT_ONCE) }, (_, n) => <li key={n}>&nbsp;</li>)}
          {turns.map((turn) => (
            <li key={turn.trace.trace_id}>
              <TraceLink turn={turn} />
              <span className="quiet">
                <RelativeTime iso={turn.trace.start_time} />
              </span>
              <span className="quiet cut">{turn.asked}</span>
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          More failed
        </Button>
      )}
    </section>
  )
}

function TraceLink({ turn }: { turn: SessionTurn }) {
  const { search } = useView()
  return (
    <Link
      to="/traces/$traceId"
      params={{ traceId: turn.trace.trace_id }}
      search={{ project: travelling(search).project } as never}
    >
      {turn.trace.root_name.slice(0, 120) || 'unnamed'}
    </Link>
  )
}

function Replay({ id, row }: { id: string; row: SessionRow }) {
  const { scope, search, patch } = useView()
  const newest = search.order === 'newest'
  const list = useInfiniteQuery({
    ...turnsQuery(scope.project, id, newest ? '-start_time' : 'start_time', false),
    refetchInterval: (q) => againAfter(q.state.data?.pages),
  })
  const turns = list.data?.pages.flatMap((p) => p.rows) ?? []
  return (
    <section aria-label="Replay">
      <div className="se-bar">
        <h2>Conversation</h2>
        <span className="quiet" role="status">
          {list.data ? `${count(turns.length)} of ${counted(row.traces, 'trace')}` : ''}
        </span>
        <span className="grow" />
        <SegmentedControl
          aria-label="Order"
          value={newest ? 'newest' : 'oldest'}
          onChange={(value) => patch({ order: value === 'newest' ? 'newest' : undefined }, true)}
          data={[
            { value: 'oldest', label: 'Oldest first' },
            { value: 'newest', label: 'Newest first' },
          ]}
        />
      </div>
      {unanswered(list, 10, 'Loading the conversation') ?? (
        <ol className="se-turns">
          {turns.map((turn) => (
            <Turn
              key={turn.trace.trace_id}
              turn={turn}
              project={scope.project}
              session={id}
              longest={longestOf(turns)}
            />
          ))}
        </ol>
      )}
      {list.hasNextPage && (
        <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show the next turns
        </Button>
      )}
    </section>
  )
}

const longestOf = (turns: SessionTurn[]): number => Math.max(1, ...turns.map((t) => t.trace.duration_ms ?? 0))

function Turn({
  turn,
  project,
  session,
  longest,
}: {
  turn: SessionTurn
  project: string
  session: string
  longest: number
}) {
  const { trace } = turn
  const bad = trace.error_count > 0
  const tone = bad ? ' error' : turn.running.some(troubled) ? ' trouble' : ''
  return (
    <li className={`se-turn${tone}`}>
      <div className="se-what">
        <span className="quiet">
          <ClockTime iso={trace.start_time} date={isoToMs(trace.start_time) < Date.now() - 43_200_000} />
        </span>
        <TraceLink turn={turn} />
        {(bad || trace.state === 'running') && (
          <StatusBadge
            status={trace.status as never}
            state={trace.state as never}
            errors={trace.error_count}
          />
        )}
        <span className="grow" />
        <span className="se-took" aria-hidden>
          <i style={{ width: `${Math.max(1, ((trace.duration_ms ?? 0) / longest) * 100)}%` }} />
        </span>
        <Duration ms={trace.duration_ms} since={trace.start_time} />
        <Tokens input={trace.input_tokens} output={trace.output_tokens} />
        <Money value={trace.cost_usd} unpriced={trace.unpriced} />
      </div>
      {turn.asked && <Said who="asked" text={turn.asked} />}
      <RunningIn project={project} traceId={trace.trace_id} running={turn.running} />
      {turn.answered && <Said who="answered" text={turn.answered} />}
      {!turn.asked && !turn.answered && trace.state !== 'running' && (
        <p className="quiet">No span of this trace holds what was said.</p>
      )}
      <TurnVerdicts session={session} traceId={trace.trace_id} />
      {turn.cut && <p className="quiet">More was said than is here: open the trace.</p>}
    </li>
  )
}

/** What was said, formatted as in its trace: text nodes and nothing else. */
function Said({ who, text }: { who: 'asked' | 'answered'; text: string }) {
  return (
    <div className={`se-said ${who}`}>
      <span className="quiet">{who}</span>
      <div className="c-said" dir="auto">
        <Markdown text={text} />
      </div>
    </div>
  )
}
