/** The view is the URL: project, time, filter and live, the same on every page. */
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { Scope } from '@/api/queries'
import { environmentTerms } from './environment'
import { DEFAULT_RANGE, type Range } from './time'

export interface CommonSearch {
  project?: string | undefined
  from?: string | undefined
  to?: string | undefined
  q?: string | undefined
  live?: '1' | undefined
}

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

export function validateCommon(raw: Record<string, unknown>): CommonSearch {
  return {
    project: text(raw.project),
    from: text(raw.from),
    to: text(raw.to),
    q: text(raw.q),
    live: raw.live === '1' ? '1' : undefined,
  }
}

/** What goes along to another page: project, time and environment. Any other filter belongs to its page. */
export function travelling(search: CommonSearch): CommonSearch {
  return { project: search.project, from: search.from, to: search.to, q: environmentTerms(search.q) }
}

/** Changes some of the URL's search and keeps the rest. */
export type Patch = Record<string, string | undefined>

export function usePatch(): (patch: Patch, replace?: boolean) => void {
  const navigate = useNavigate()
  const router = useRouter()
  return useCallback(
    (patch, replace = false) => {
      void navigate({
        // Where the reader is, also on an address that no route knows.
        to: router.state.location.pathname as '.',
        search: ((previous: Record<string, unknown>) => ({ ...previous, ...patch })) as never,
        replace,
      })
    },
    [navigate, router],
  )
}

export function useView() {
  const search = useSearch({ strict: false }) as CommonSearch & Record<string, string | undefined>
  const patch = usePatch()
  const project = search.project ?? 'default'
  const from = search.from ?? DEFAULT_RANGE.from
  const to = search.to ?? (search.from ? 'now' : DEFAULT_RANGE.to)
  const q = search.q ?? ''
  const scope: Scope = useMemo(() => ({ project, from, to, q }), [project, from, to, q])
  const setRange = useCallback(
    (range: Range) =>
      patch({ from: range.from, to: range.to === 'now' ? undefined : range.to, live: undefined }),
    [patch],
  )
  const setQ = useCallback((next: string) => patch({ q: next || undefined }), [patch])
  return { search, scope, range: { from, to }, live: search.live === '1', patch, setRange, setQ }
}
