import { ActionIcon, Button, SegmentedControl, TextInput, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import {
  AlertCircle,
  ChevronsDownUp,
  ChevronsUpDown,
  Cpu,
  FoldVertical,
  Maximize2,
  Route as RouteIcon,
  Search,
} from 'lucide-react'
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react'
import { api, ApiError } from '@/api/client'
import { traceErrorsQuery } from '@/api/errorQueries'
import { traceEvaluationsQuery } from '@/api/evaluationQueries'
import { tracePredictionsQuery } from '@/api/modelQueries'
import type { Rows, SpanRow, TraceAnswer } from '@/api/types'
import { answered } from '@/kit/answered'
import { CopyId } from '@/kit/Copy'
import { Drawer } from '@/kit/Drawer'
import { ExportMenu } from '@/kit/ExportMenu'
import { printFilter } from '@/kit/filter'
import { count, durationText } from '@/kit/format'
import { useShortcuts } from '@/kit/keys'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { Names, Value } from '@/kit/Value'
import { Money } from '@/routes/llm/Money'
import { ClockTime, StatusBadge, Tokens } from '@/kit/values'
import { Crumb } from '@/kit/Crumb'
import { useView } from '@/kit/view'
import { CompareWith } from './CompareWith'
import { useTrace } from './data'
import { Flame } from './Flame'
import { KindIcon } from './KindIcon'
import { Minimap } from './Minimap'
import { ResourceLanes } from './ResourceLanes'
import { TraceErrors } from '../errors/TraceErrors'
import { PredictionsOfTrace } from '../models/PredictionsOfTrace'
import { foldedBelow, noiseOf, withoutNoise } from './noise'
import { Verdicts } from '../evaluations/Verdicts'
import { RunningNow } from './RunningNow'
import { SpanPanel } from './SpanPanel'
import { collapseBelow, criticalPath, reveal, visibleRows, type SpanTree } from './tree'
import { Waterfall, type TimeWindow } from './Waterfall'
import './trace.css'

const Thread = lazy(() => import('./conversation/Thread').then((m) => ({ default: m.Thread })))
const GraphView = lazy(() => import('./conversation/GraphView').then((m) => ({ default: m.GraphView })))
const NOTHING: ReadonlySet<number> = new Set()
/** A trace with one of these has a thread and a graph worth a look. */
const SPEAKING = new Set(['llm', 'agent', 'tool', 'retriever', 'workflow'])

export function TracePage() {
  const { traceId } = useParams({ from: '/traces/$traceId' })
  const { scope } = useView()
  const { query, tree, trace } = useTrace(scope.project, traceId)
  const errors = useQuery(traceErrorsQuery(scope.project, traceId))
  const predictions = useQuery(tracePredictionsQuery(scope.project, traceId))
  const said = useQuery(traceEvaluationsQuery(scope.project, traceId))
  const title = trace ? trace.root_name || 'Trace' : 'Trace'
  // Of an unknown trace nothing else is waited for.
  if (query.isPending || (query.isSuccess && !answered(errors, predictions, said))) {
    return (
      <Page title="Trace">
        <SkeletonRows rows={24} label="Loading the trace" />
      </Page>
    )
  }
  if (!tree || !trace) {
    const unknown = query.error instanceof ApiError && query.error.status === 404
    return (
      <Page title="Trace">
        {unknown ? (
          <Empty title={`No trace ${traceId} in project ${scope.project}`}>
            <p>It may be in another project, past its retention, or not have arrived yet.</p>
            <p>
              <Link
                to="/traces"
                search={(old) => ({ project: old.project, q: `trace_id:${traceId}`, from: 'all' })}
              >
                Search all of this project
              </Link>
            </p>
          </Empty>
        ) : (
          <Failure error={query.error} retry={() => void query.refetch()} />
        )}
      </Page>
    )
  }
  return (
    <Page
      title={title}
      heading={
        <Heading trace={trace} tree={tree} loading={query.isFetchingNextPage} project={scope.project} />
      }
    >
      <TraceView key={traceId} tree={tree} traceId={traceId} />
      {query.hasNextPage && !query.isFetchingNextPage && (
        <div className="k-toolbar">
          <span>
            {count(tree.count)} of {count(trace.span_count)} spans loaded.
          </span>
          <Button onClick={() => void query.fetchNextPage()}>Load 50,000 more</Button>
        </div>
      )}
    </Page>
  )
}

function Heading(p: { trace: TraceAnswer['trace']; tree: SpanTree; loading: boolean; project: string }) {
  const { trace, tree } = p
  const known = trace.input_tokens !== null || trace.output_tokens !== null
  return (
    <header className="t-head">
      <div className="row">
        <Crumb to="/traces" label="Traces" />
        <h1 className="k-title cut" style={{ maxWidth: '60vw' }}>
          {trace.root_name || 'Trace without a root'}
        </h1>
        <CopyId id={trace.trace_id} label="trace id" />
        <StatusBadge status={trace.status} state={trace.state} errors={trace.error_count} />
        <span className="grow" />
        <CompareWith project={p.project} traceId={trace.trace_id} />
      </div>
      <div className="t-facts">
        <span>
          {/* How long its open spans have run is another question to the server: until it is answered, no number. */}
          {trace.state === 'running' && tree.running.size === 0 ? (
            'not ended'
          ) : (
            <b>{durationText(trace.duration_ms ?? tree.durationNs / 1e6)}</b>
          )}
          {trace.state === 'running' && tree.running.size > 0 && ' so far'}
        </span>
        <span>
          <b>{count(trace.span_count)}</b> span{trace.span_count === 1 ? '' : 's'}
          {tree.count < trace.span_count ? `, ${count(tree.count)} loaded${p.loading ? '…' : ''}` : ''}
        </span>
        <span>
          <b>{trace.services.length}</b> service{trace.services.length === 1 ? '' : 's'}
        </span>
        {known && <Tokens input={trace.input_tokens} output={trace.output_tokens} />}
        {(trace.cost_usd !== null || trace.unpriced > 0) && (
          <span>
            {trace.cost_usd === null && 'cost '}
            <Money value={trace.cost_usd} unpriced={trace.unpriced} />
          </span>
        )}
        {trace.models.length > 0 && (
          <span title={trace.models.join(', ')}>
            <Names of={trace.models} />
          </span>
        )}
        {trace.session_id && (
          <span>
            session <Value k="session_id" v={trace.session_id} />
          </span>
        )}
        <span>
          <ClockTime iso={trace.start_time} date />
        </span>
        {tree.orphans > 0 && (
          <span title="Their parent has not arrived, belongs to another project, or is a span below them">
            {count(tree.orphans)} span{tree.orphans === 1 ? '' : 's'} without a parent
          </span>
        )}
      </div>
    </header>
  )
}

function TraceView({ tree, traceId }: { tree: SpanTree; traceId: string }) {
  const { search, scope, patch } = useView()
  const shown = search.view ?? 'waterfall'
  const flame = shown === 'flame'
  const spans = flame || shown === 'waterfall'
  const find = search.find ?? ''
  const resources = search.res === '1'
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(() => new Set())
  const [view, setView] = useState<TimeWindow | null>(null)
  const [showPath, setShowPath] = useState(false)
  const findBox = useRef<HTMLInputElement>(null)
  const whole: TimeWindow = useMemo(() => ({ from: 0, to: tree.durationNs }), [tree])
  const window_ = view ?? whole

  const selected = useMemo(
    () => (search.span ? tree.columns.span_id.indexOf(search.span) : -1),
    [search.span, tree],
  )
  const noise = useMemo(() => noiseOf(tree), [tree])
  // A link to an internal span shows it.
  const fold = noise.size > 0 && search.noise !== '1' && !noise.has(selected)
  const rows = useMemo(
    () => withoutNoise(visibleRows(tree, collapsed), fold ? noise : NOTHING),
    [tree, collapsed, fold, noise],
  )
  const folded = useMemo(() => foldedBelow(tree, fold ? noise : NOTHING), [tree, fold, noise])
  const critical = useMemo(() => (showPath ? criticalPath(tree) : null), [showPath, tree])
  const matches = useMatches(tree, useDeferredValue(find), scope.project, traceId)
  const found = useMemo(
    () => (matches ? [...matches].sort((a, b) => tree.position[a]! - tree.position[b]!) : []),
    [matches, tree],
  )

  const select = useCallback(
    (span: number) => {
      setCollapsed((old) => reveal(tree, old, span))
      patch({ span: tree.columns.span_id[span] }, true)
    },
    [tree, patch],
  )
  // Arriving on a link to a span inside: open the way to it.
  useEffect(() => {
    if (selected >= 0) setCollapsed((old) => (old.size ? reveal(tree, old, selected) : old))
  }, [selected, tree])
  const selectId = useCallback((spanId: string) => patch({ span: spanId, tab: undefined }, true), [patch])
  const running = tree.running.size > 0
  const speaks = useMemo(() => tree.columns.kind.some((kind) => SPEAKING.has(kind)), [tree])
  const toggle = useCallback((span: number, open: boolean) => {
    setCollapsed((old) => {
      const next = new Set(old)
      if (open) next.delete(span)
      else next.add(span)
      return next
    })
  }, [])

  const move = (step: number) => {
    const at = selected < 0 ? -1 : rows.indexOf(selected)
    const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)]
    if (next !== undefined) select(next)
  }
  const nextWhere = (wanted: (span: number) => boolean) => {
    const start = selected < 0 ? -1 : tree.position[selected]!
    for (let k = 1; k <= tree.count; k++) {
      const span = tree.order[(start + k + tree.count) % tree.count]!
      if (wanted(span)) return select(span)
    }
  }
  const setWindow = useCallback(
    (next: TimeWindow) => {
      const width = Math.min(Math.max(next.to - next.from, 10), tree.durationNs)
      const from = Math.min(Math.max(next.from, 0), tree.durationNs - width)
      setView(width >= tree.durationNs ? null : { from, to: from + width })
    },
    [tree],
  )
  const zoom = (factor: number) => {
    const width = window_.to - window_.from
    const inView = selected >= 0 && tree.start[selected]! < window_.to && tree.end[selected]! > window_.from
    const middle = inView
      ? Math.min(Math.max((tree.start[selected]! + tree.end[selected]!) / 2, window_.from), window_.to)
      : window_.from + width / 2
    const share = (middle - window_.from) / width
    const from = middle - width * factor * share
    setWindow({ from, to: from + width * factor })
  }
  const shift = (share: number) => {
    const by = (window_.to - window_.from) * share
    setWindow({ from: window_.from + by, to: window_.to + by })
  }
  const fit = () => {
    if (selected < 0 || view) return setView(null)
    const pad = Math.max((tree.end[selected]! - tree.start[selected]!) * 0.1, 10)
    setWindow({ from: tree.start[selected]! - pad, to: tree.end[selected]! + pad })
  }

  useShortcuts('Trace', [
    { keys: 'j', label: 'Next span', run: () => move(1) },
    { keys: 'k', label: 'Previous span', run: () => move(-1) },
    { keys: 'e', label: 'Next error', run: () => nextWhere((i) => tree.columns.status[i] === 'error') },
    { keys: 'n', label: 'Next match', run: () => nextWhere((i) => matches?.has(i) ?? false) },
    { keys: 'f', label: 'Fit the span, then the trace', run: fit },
    { keys: 'w', label: 'Zoom in', run: () => zoom(0.6) },
    { keys: 's', label: 'Zoom out', run: () => zoom(1 / 0.6) },
    { keys: 'a', label: 'Earlier', run: () => shift(-0.25) },
    { keys: 'd', label: 'Later', run: () => shift(0.25) },
    { keys: 'c', label: 'Critical path', run: () => setShowPath(!showPath) },
    { keys: 'v', label: 'Waterfall or flame', run: () => patch({ view: flame ? undefined : 'flame' }) },
    { keys: 't', label: 'Thread', run: () => patch({ view: shown === 'thread' ? undefined : 'thread' }) },
    {
      keys: 'y',
      label: 'Graph of agents and tools',
      run: () => patch({ view: shown === 'graph' ? undefined : 'graph' }),
    },
    { keys: 'r', label: 'Resources', run: () => patch({ res: resources ? undefined : '1' }, true) },
    { keys: '/', label: 'Search inside', run: () => findBox.current?.focus() },
  ])

  const errors = tree.roots.reduce((sum, root) => sum + tree.errors[root]!, 0)
  return (
    <>
      {tree.running.size > 0 && <RunningNow tree={tree} running={tree.running} onSelect={select} />}
      {selected < 0 && <TraceErrors project={scope.project} traceId={traceId} />}
      <PredictionsOfTrace project={scope.project} traceId={traceId} span={search.span} />
      {selected < 0 && <Verdicts project={scope.project} traceId={traceId} />}
      {spans && <Minimap tree={tree} window={window_} onWindow={setWindow} />}
      <div className="k-toolbar">
        <SegmentedControl
          aria-label="View"
          value={shown}
          onChange={(value) => patch({ view: value === 'waterfall' ? undefined : value })}
          data={[
            { value: 'waterfall', label: 'Waterfall' },
            { value: 'flame', label: 'Flame' },
            ...(speaks || !spans
              ? [
                  { value: 'thread', label: 'Thread' },
                  { value: 'graph', label: 'Graph' },
                ]
              : []),
          ]}
        />
        <TextInput
          ref={findBox}
          style={{ width: 220 }}
          leftSection={<Search size={12} aria-hidden />}
          placeholder="Search inside ( / )"
          aria-label="Search inside this trace"
          value={find}
          onChange={(event) => patch({ find: event.currentTarget.value || undefined }, true)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') nextWhere((i) => matches?.has(i) ?? false)
            if (event.key === 'Escape') event.currentTarget.blur()
          }}
        />
        {find && (
          <span className="quiet" role="status">
            {count(found.length)} match{found.length === 1 ? '' : 'es'}
          </span>
        )}
        {errors > 0 && (
          <Tooltip label="Next error (e)">
            <Button
              leftSection={<AlertCircle size={13} color="var(--bad)" aria-hidden />}
              onClick={() => nextWhere((i) => tree.columns.status[i] === 'error')}
            >
              {count(errors)} error{errors === 1 ? '' : 's'}
            </Button>
          </Tooltip>
        )}
        <span className="grow" />
        {shown === 'waterfall' && noise.size > 0 && (
          <Tooltip label="Internal spans of an agent or framework, with nothing else below them">
            <Button
              variant={fold ? 'default' : 'light'}
              aria-pressed={!fold}
              leftSection={<FoldVertical size={13} aria-hidden />}
              onClick={() => patch({ noise: fold ? '1' : undefined, span: undefined }, true)}
            >
              {fold ? `${count(noise.size)} internal spans folded` : 'Fold internal spans'}
            </Button>
          </Tooltip>
        )}
        {shown === 'waterfall' && (
          <>
            <Tooltip label="CPU, memory and GPU (r)">
              <Button
                variant={resources ? 'light' : 'default'}
                aria-pressed={resources}
                leftSection={<Cpu size={13} aria-hidden />}
                onClick={() => patch({ res: resources ? undefined : '1' }, true)}
              >
                Resources
              </Button>
            </Tooltip>
            <Tooltip label="Critical path (c)">
              <ActionIcon
                aria-label="Critical path"
                aria-pressed={showPath}
                variant={showPath ? 'light' : 'subtle'}
                onClick={() => setShowPath(!showPath)}
              >
                <RouteIcon size={14} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Collapse all below the first level">
              <ActionIcon aria-label="Collapse all" onClick={() => setCollapsed(collapseBelow(tree, 1))}>
                <ChevronsDownUp size={14} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Expand all">
              <ActionIcon aria-label="Expand all" onClick={() => setCollapsed(new Set())}>
                <ChevronsUpDown size={14} />
              </ActionIcon>
            </Tooltip>
          </>
        )}
        <ExportMenu
          what="spans"
          scope={{ project: scope.project, from: 'all', to: '', q: `trace_id:${traceId}` }}
        />
        <Tooltip label="Fit (f)">
          <ActionIcon aria-label="Fit" onClick={fit}>
            <Maximize2 size={14} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className="k-body" style={{ marginTop: 0, borderTop: 0 }}>
        <div className="k-rows">
          {shown === 'thread' || shown === 'graph' ? (
            <Suspense fallback={<SkeletonRows rows={12} label="Loading" />}>
              {shown === 'thread' ? (
                <Thread project={scope.project} traceId={traceId} running={running} onSelect={selectId} />
              ) : (
                <GraphView project={scope.project} traceId={traceId} running={running} onSelect={selectId} />
              )}
            </Suspense>
          ) : flame ? (
            <Flame
              tree={tree}
              window={window_}
              selected={selected}
              matches={find ? matches : null}
              onSelect={select}
              onWindow={setWindow}
            />
          ) : (
            <Waterfall
              tree={tree}
              rows={rows}
              collapsed={collapsed}
              window={window_}
              selected={selected}
              matches={find ? matches : null}
              critical={critical}
              folded={folded}
              onSelect={select}
              onToggle={toggle}
            >
              {resources && <ResourceLanes project={scope.project} traceId={traceId} window={window_} />}
            </Waterfall>
          )}
        </div>
        {search.span && (
          <Drawer
            label="Span"
            title={selected >= 0 ? <SpanTitle tree={tree} span={selected} /> : 'Span'}
            onClose={() => patch({ span: undefined, tab: undefined }, true)}
          >
            <SpanPanel
              key={search.span}
              project={scope.project}
              traceId={traceId}
              spanId={search.span}
              tab={search.tab}
              onTab={(tab) => patch({ tab }, true)}
            />
          </Drawer>
        )}
      </div>
    </>
  )
}

function SpanTitle({ tree, span }: { tree: SpanTree; span: number }) {
  const c = tree.columns
  return (
    <>
      <KindIcon
        kind={c.kind[span]!}
        spanKind={c.span_kind[span]!}
        convention={c.convention[span]!}
        service={c.service[span]!}
      />{' '}
      {c.name[span]}
    </>
  )
}

/** Names at once, in the page; attributes and payloads from the server's text index. */
function useMatches(
  tree: SpanTree,
  find: string,
  project: string,
  traceId: string,
): ReadonlySet<number> | null {
  const q = printFilter([
    { negated: false, key: 'trace_id', op: 'is', values: [traceId] },
    { negated: false, key: '', op: 'text', values: [find] },
  ])
  const inside = useQuery({
    queryKey: ['/spans', 'inside', project, q],
    queryFn: ({ signal }) =>
      api.get<Rows<SpanRow>>('/spans', { project, q, from: 'all', limit: 1000 }, signal),
    enabled: find.length > 2,
    staleTime: 30_000,
  })
  return useMemo(() => {
    if (!find) return null
    const wanted = find.toLowerCase()
    const { name, service, model, span_id: id, kind } = tree.columns
    const hits = new Set<number>()
    for (let i = 0; i < tree.count; i++) {
      if (
        name[i]!.toLowerCase().includes(wanted) ||
        service[i]!.toLowerCase().includes(wanted) ||
        model[i]?.toLowerCase().includes(wanted) ||
        kind[i] === wanted ||
        id[i] === wanted
      )
        hits.add(i)
    }
    if (inside.data) {
      const wantedIds = new Set(inside.data.rows.map((row) => row.span_id))
      for (let i = 0; i < tree.count; i++) if (wantedIds.has(id[i]!)) hits.add(i)
    }
    return hits
  }, [tree, find, inside.data])
}
