import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { logsQuery } from '@/api/queries'
import type { LogRow } from '@/api/types'
import { DataTable } from '@/kit/DataTable'
import { ExportMenu } from '@/kit/ExportMenu'
import { FilterBar } from '@/kit/FilterBar'
import { count, counted } from '@/kit/format'
import { useShortcuts } from '@/kit/keys'
import { Outside } from '@/kit/Outside'
import { Explorer, Page } from '@/kit/Page'
import { Failure, SkeletonRows } from '@/kit/states'
import { resolve } from '@/kit/time'
import { useFacets } from '@/kit/useFacets'
import { useView } from '@/kit/view'
import { logColumns, recordKey } from './columns'
import { LogDrawer } from './LogDrawer'
import { LogVolume } from './LogVolume'
import { NoLogs } from './NoLogs'
import { tone } from './severity'
import { TailBar } from './TailBar'
import { TAIL_LIMIT, useLogTail } from './useLogTail'
import './logs.css'

const KEYS = ['service', 'severity', 'severity_number', 'body', 'scope', 'event_name', 'trace_id', 'span_id']
const DAY_MS = 86_400_000

type Pause = 'no' | 'hand' | 'scroll'

export function LogsPage() {
  const { scope, range, search, live, patch, setQ, setRange } = useView()
  const navigate = useNavigate()
  const { facets, show } = useFacets('logs')
  const [pause, setPause] = useState<Pause>('no')
  const paused = live && pause !== 'no'
  const sort = !live && search.sort === 'time' ? 'time' : '-time'
  const query = useInfiniteQuery(logsQuery(scope, sort))
  const tail = useLogTail(scope.project, scope.q, live, paused)
  const rows = useRows(query.data?.pages, tail.rows, tail.overflown)
  const { refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = query

  // Leaving live: what was tailed is in the store by now, so ask for it.
  const wasLive = useRef(live)
  useEffect(() => {
    if (wasLive.current && !live) void refetch()
    if (!wasLive.current && live) setPause('no')
    wasLive.current = live
  }, [live, refetch])

  const list = useRef<HTMLDivElement>(null)
  const { release } = tail
  const resume = useCallback(() => {
    setPause('no')
    release()
    list.current?.querySelector('.k-table')?.scrollTo({ top: 0 })
  }, [release])
  useShortcuts(
    'Live',
    [{ keys: ' ', label: 'Pause or go on', run: () => (paused ? resume() : setPause('hand')) }],
    live,
  )

  const onScrolled = useCallback(
    (top: number) => {
      if (!live) return
      if (top > 4) setPause((old) => (old === 'no' ? 'scroll' : old))
      else if (pause === 'scroll') resume()
    },
    [live, pause, resume],
  )
  const select = useCallback(
    (row: LogRow) => {
      // A row that is being read must not slide away.
      if (live) setPause((old) => (old === 'no' ? 'hand' : old))
      patch({ sel: recordKey(row) }, true)
    },
    [live, patch],
  )
  const open = useCallback(
    (row: LogRow) => {
      if (!row.trace_id) return select(row)
      void navigate({
        to: '/traces/$traceId',
        params: { traceId: row.trace_id },
        search: { project: search.project, span: row.span_id || undefined } as never,
      })
    },
    [navigate, search.project, select],
  )
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])

  const wide = useMemo(() => {
    const now = Date.now()
    const from = resolve(range.from, now)
    const to = resolve(range.to, now) ?? now
    return from === null || to - from > DAY_MS
  }, [range.from, range.to])
  const columns = useMemo(
    () => logColumns({ dates: wide, sortable: !live, project: search.project }),
    [wide, live, search.project],
  )

  return (
    <Page title="Logs">
      <Explorer
        filter={
          <FilterBar
            scope={scope}
            signal="logs"
            keys={KEYS}
            placeholder="Words of the message, severity:error, service:…"
            onChange={setQ}
          />
        }
        chart={
          <>
            <LogVolume scope={scope} live={live} onQ={setQ} onRange={setRange} />
            <Outside signal="logs" scope={scope} />
          </>
        }
        facets={facets}
        drawer={search.sel && <LogDrawer key="drawer" sel={search.sel} rows={rows} onSelect={select} />}
      >
        <div className="k-toolbar logs-bar">
          {show}
          {live ? (
            <TailBar
              tail={tail}
              paused={paused}
              why={pause}
              onPause={() => setPause('hand')}
              onResume={resume}
            />
          ) : (
            <span className="quiet">
              {query.data && (
                <>
                  {hasNextPage
                    ? `${count(rows.length)} newest shown, more as you scroll`
                    : counted(rows.length, 'record')}
                </>
              )}
            </span>
          )}
          <span className="grow" />
          <ExportMenu what="logs" scope={scope} disabled={rows.length === 0} />
        </div>
        <div className="logs-list" ref={list}>
          {query.isPending ? (
            <SkeletonRows rows={20} label="Loading logs" />
          ) : query.isError && !rows.length ? (
            <Failure error={query.error} retry={() => void refetch()} />
          ) : rows.length === 0 ? (
            <NoLogs live={live} />
          ) : (
            <DataTable
              label="Log records"
              columns={columns}
              rows={rows}
              rowKey={recordKey}
              selected={search.sel}
              onSelect={select}
              onOpen={open}
              tone={tone}
              sort={sort}
              onSort={(next) => patch({ sort: next === '-time' ? undefined : next }, true)}
              onEnd={onEnd}
              onScrolled={onScrolled}
              rowHeight={22}
              footer={
                isFetchingNextPage
                  ? 'Loading more…'
                  : tail.overflown
                    ? `Live keeps the newest ${count(TAIL_LIMIT)} records on the page. Turn live off to read older ones.`
                    : undefined
              }
            />
          )}
        </div>
      </Explorer>
    </Page>
  )
}

/** Tailed rows on top of the stored ones; a record that came both ways is shown once. */
function useRows(pages: { rows: LogRow[] }[] | undefined, tailed: LogRow[], overflown: boolean): LogRow[] {
  const stored = useMemo(() => (pages ?? []).flatMap((page) => page.rows), [pages])
  return useMemo(() => {
    if (!tailed.length) return stored
    if (overflown) return tailed
    const ids = new Set(tailed.map((row) => row.id))
    return [...tailed, ...stored.filter((row) => !ids.has(row.id))]
  }, [stored, tailed, overflown])
}
