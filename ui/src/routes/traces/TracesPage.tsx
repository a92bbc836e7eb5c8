import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ListChecks } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { spansQuery, tracesQuery } from '@/api/queries'
import type { SpanRow, TraceRow } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { ChosenBar, useChosen } from '@/kit/choose'
import { NothingFound } from '@/kit/NothingFound'
import { DataTable } from '@/kit/DataTable'
import { Drawer } from '@/kit/Drawer'
import { ExportMenu } from '@/kit/ExportMenu'
import { FilterBar } from '@/kit/FilterBar'
import { count, counted, shortId } from '@/kit/format'
import { useShortcuts } from '@/kit/keys'
import { Outside } from '@/kit/Outside'
import { Explorer, Page } from '@/kit/Page'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { unanswered } from '@/kit/states'
import { textOf } from '../trace/conversation/highlight'
import { useFacets } from '@/kit/useFacets'
import { useRows } from '@/kit/useRows'
import { travelling, useView } from '@/kit/view'
import { MAX_SPANS, SaveSpansButton } from '../datasets/SaveSpans'
import { OpenTraceButton, SpanPanel } from '../trace/SpanPanel'
import { Charts } from './Charts'
import { filled, SPAN_COLUMNS, SPAN_KEYS, TRACE_COLUMNS } from './columns'
import { useLiveTraces } from './live'
import { MarkBar, markColumn, toggled } from './marks'
import { TracePreview } from './TracePreview'
import './traces.css'

const DEFAULT_SORT = '-start_time'

export function TracesPage() {
  const { search, scope, live, patch, setQ } = useView()
  const navigate = useNavigate()
  const spansView = search.view === 'spans'
  const sort = search.sort ?? DEFAULT_SORT
  const { facets, show } = useFacets('spans')
  const [scrolled, setScrolled] = useState(false)

  const traces = useInfiniteQuery(tracesQuery(scope, sort, !spansView))
  const spans = useInfiniteQuery(spansQuery(scope, sort, spansView))
  const list = spansView ? spans : traces
  const { rows: traceRows, ...tracePages } = useRows(traces)
  const { rows: spanRows, ...spanPages } = useRows(spans)
  const marks = useMemo(() => search.marks?.split(',').filter(Boolean) ?? [], [search.marks])
  const mark = useCallback(
    (traceId: string) => patch({ marks: toggled(marks, traceId).join(',') || undefined }, true),
    [marks, patch],
  )
  const traceColumns = useMemo(
    () => [...filled(TRACE_COLUMNS, traceRows, sort), markColumn(marks, mark)],
    [traceRows, sort, marks, mark],
  )
  const maySave = useMaySay()
  const { chosen, column, clear } = useChosen({
    rows: spanRows,
    rowKey: spanKey,
    nameOf: spanName,
    project: scope.project,
    current: search.sel,
    most: MAX_SPANS,
    enabled: spansView && maySave,
  })
  const spanColumns = useMemo(
    () => [...(maySave ? [column] : []), ...filled(SPAN_COLUMNS, spanRows, sort)],
    [spanRows, sort, column, maySave],
  )
  const total = spansView ? spanRows.length : traceRows.length

  const feed = useLiveTraces(scope, live, scrolled, [spansView ? '/spans' : '/traces', scope, sort])
  const [traceId = '', spanId = ''] = (search.sel ?? '').split('/')
  const selectTrace = useCallback((r: TraceRow) => patch({ sel: r.trace_id, tab: undefined }, true), [patch])
  const selectSpan = useCallback((r: SpanRow) => patch({ sel: `${r.trace_id}/${r.span_id}` }, true), [patch])
  const open = useCallback(
    (r: { trace_id: string; span_id?: string }) =>
      void navigate({
        to: '/traces/$traceId',
        params: { traceId: r.trace_id },
        search: (old) => ({ ...travelling(old), span: r.span_id, hl: textOf(old.q) }),
      }),
    [navigate],
  )
  useShortcuts('Traces', [
    {
      keys: 'v',
      label: 'Traces or spans',
      run: () => patch({ view: spansView ? undefined : 'spans', sel: undefined }),
    },
  ])
  useShortcuts(
    'Traces',
    [
      {
        keys: 'x',
        label: 'Mark the row for a comparison',
        run: () => {
          if (traceId && !spanId) mark(traceId)
        },
      },
    ],
    !spansView,
  )

  const table = {
    sort,
    onSort: (next: string) => patch({ sort: next }, true),
    onScrolled: (top: number) => setScrolled(top > 40),
  }
  return (
    <Page title="Traces">
      <Explorer
        filter={
          <FilterBar
            scope={scope}
            signal="spans"
            keys={SPAN_KEYS}
            placeholder="Filter: service:web status:error duration_ms:>250ms, or words"
            onChange={setQ}
          />
        }
        chart={
          <>
            <Charts scope={scope} />
            <Outside signal="spans" scope={scope} />
          </>
        }
        facets={facets}
        drawer={
          traceId && (
            <Drawer
              label={spanId ? 'Span' : 'Trace'}
              title={spanId ? `Span ${shortId(spanId)}` : `Trace ${shortId(traceId)}`}
              onClose={() => patch({ sel: undefined, tab: undefined }, true)}
            >
              {spanId ? (
                <SpanPanel
                  key={spanId}
                  project={scope.project}
                  traceId={traceId}
                  spanId={spanId}
                  tab={search.tab}
                  onTab={(tab) => patch({ tab }, true)}
                  actions={
                    <div className="row" style={{ padding: '0 12px 8px' }}>
                      <OpenTraceButton traceId={traceId} spanId={spanId} />
                      <span className="quiet">Enter</span>
                    </div>
                  }
                />
              ) : (
                <TracePreview
                  key={traceId}
                  project={scope.project}
                  traceId={traceId}
                  onSpan={(id) => open({ trace_id: traceId, span_id: id })}
                />
              )}
            </Drawer>
          )
        }
      >
        <div className="k-toolbar">
          {show}
          <SegmentedControl
            aria-label="Rows"
            value={spansView ? 'spans' : 'traces'}
            onChange={(value) => patch({ view: value === 'spans' ? 'spans' : undefined, sel: undefined })}
            data={[
              { value: 'traces', label: 'Traces' },
              { value: 'spans', label: 'Spans' },
            ]}
          />
          <span className="quiet" role="status">
            {list.data ? counted(total, spansView ? 'span' : 'trace', list.hasNextPage) : ''}
          </span>
          <span className="grow" />
          {live && (
            <span className="ts-new" role="status">
              {feed.state === 'open' ? (
                feed.waiting > 0 && scrolled ? (
                  <Button variant="light" onClick={feed.show}>
                    {count(feed.waiting)} new
                  </Button>
                ) : (
                  '● live'
                )
              ) : feed.state === 'broken' ? (
                'live stream lost, switch Live off and on'
              ) : (
                'connecting…'
              )}
              {feed.dropped > 0 && ` · ${count(feed.dropped)} skipped by the stream`}
            </span>
          )}
          {!spansView && <MarkBar marks={marks} onClear={() => patch({ marks: undefined }, true)} />}
          {spansView && (
            <ChosenBar chosen={chosen} most={MAX_SPANS} onClear={clear}>
              <SaveSpansButton project={scope.project} chosen={chosen} onSaved={clear} />
            </ChosenBar>
          )}
          <Button
            variant="default"
            leftSection={<ListChecks size={13} aria-hidden />}
            renderRoot={(props) => (
              <Link
                to="/review"
                search={{
                  ...travelling(search),
                  q: scope.q || undefined,
                  what: spansView ? undefined : 'trace',
                }}
                {...props}
              />
            )}
          >
            Review
          </Button>
          <ExportMenu what={spansView ? 'spans' : 'traces'} scope={scope} disabled={total === 0} />
        </div>
        {unanswered(list, 20, 'Loading rows') ??
          (total === 0 ? (
            <NoTraces filtered={scope.q !== ''} />
          ) : spansView ? (
            <DataTable
              {...table}
              {...spanPages}
              label="Spans"
              columns={spanColumns}
              rows={spanRows}
              rowKey={spanKey}
              selected={search.sel}
              onSelect={selectSpan}
              onOpen={open}
              tone={toneOf}
            />
          ) : (
            <DataTable
              {...table}
              {...tracePages}
              label="Traces"
              columns={traceColumns}
              rows={traceRows}
              rowKey={traceKey}
              selected={search.sel}
              onSelect={selectTrace}
              onOpen={open}
              tone={toneOf}
            />
          ))}
      </Explorer>
    </Page>
  )
}

const traceKey = (row: TraceRow) => row.trace_id
const spanName = (row: SpanRow) => row.name || row.span_id
const spanKey = (row: SpanRow) => `${row.trace_id}/${row.span_id}`
const toneOf = (row: { status: string; error_count?: number }) =>
  row.status === 'error' || (row.error_count ?? 0) > 0 ? 'error' : ''

function NoTraces({ filtered }: { filtered: boolean }) {
  const { scope } = useView()
  return (
    <NothingFound what="traces" filtering="spans" filtered={filtered}>
      <p>Any OpenTelemetry SDK or Collector fills this page; with Live on, as the first span arrives.</p>
      <SetUp project={scope.project} kinds={COMMON_SENDERS} />
    </NothingFound>
  )
}
