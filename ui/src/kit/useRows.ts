import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'

/** What a table needs of a list that is read page by page. */
export function useRows<T>(list: UseInfiniteQueryResult<InfiniteData<{ rows: T[] }>>) {
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = list
  const rows = useMemo(() => data?.pages.flatMap((page) => page.rows) ?? [], [data])
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  return { rows, onEnd, footer: isFetchingNextPage ? 'Loading more…' : undefined }
}
