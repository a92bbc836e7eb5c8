import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { api } from '@/api/client'
import type { TraceAnswer } from '@/api/types'
import { useRunning } from './running'
import { buildTree, joinColumns } from './tree'

/** Beyond this many spans the reader decides whether to load on. */
const LOAD_BY_ITSELF = 200_000

/** One trace, page after page: the first is painted while the others still come. */
export function useTrace(project: string, traceId: string) {
  const query = useInfiniteQuery({
    queryKey: ['trace', project, traceId],
    queryFn: ({ pageParam, signal }) =>
      api.get<TraceAnswer>(`/traces/${traceId}`, { project, limit: 50_000, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor || undefined,
    // Comparing 50,000 spans field by field would cost more than drawing them.
    structuralSharing: false,
    // A trace that still runs is asked for again.
    refetchInterval: (q) => {
      const pages = q.state.data?.pages
      return pages?.length === 1 && pages[0]?.trace.state === 'running' ? 3_000 : false
    },
  })
  const pages = query.data?.pages
  const running = useRunning(project, traceId, pages?.[0]?.trace.state === 'running')
  const tree = useMemo(
    () => (pages?.length ? buildTree(joinColumns(pages.map((page) => page.spans.columns)), running) : null),
    [pages, running],
  )
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const loaded = tree?.count ?? 0
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && loaded < LOAD_BY_ITSELF) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, loaded, fetchNextPage])
  return { query, tree, trace: pages?.[0]?.trace ?? null, startTime: pages?.[0]?.start_time ?? null }
}
