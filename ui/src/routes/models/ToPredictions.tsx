/** From what is drawn or said of a model to the predictions behind it. */
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback, type ReactNode } from 'react'
import type { Scope } from '@/api/queries'
import { is, printTerm } from '@/kit/filter'
import type { Picked } from '@/kit/TimeChart'
import { travelling, useView } from '@/kit/view'
import { sameBaseline } from './baseline'
import { stepWithin } from './stepWithin'

/** The address of the predictions that a filter finds. */
function useAddress(model: string) {
  const { scope, search } = useView()
  return useCallback(
    (window: Pick<Scope, 'from' | 'to'>, q: string) => {
      const within = travelling(search)
      // The page is about one version; the comparison of two is about both.
      const version = search.version && search.view !== 'versions' && printTerm(is('version', search.version))
      return {
        ...within,
        from: window.from,
        to: window.to === 'now' ? undefined : window.to,
        q: [within.q, version, q].filter(Boolean).join(' ') || undefined,
        name: model,
        view: 'predictions' as const,
        base: sameBaseline(scope, search.base, Date.now()),
      }
    },
    [model, scope, search],
  )
}

/** The predictions that a filter finds; plain words where there is no filter. */
export function ToPredictions(p: {
  model: string
  window: Pick<Scope, 'from' | 'to'>
  q: string | null
  /** Where the children are no words. */
  label?: string
  children: ReactNode
}) {
  const address = useAddress(p.model)
  if (p.q === null) return <>{p.children}</>
  return (
    <Link
      to="/models/one"
      search={address(p.window, p.q)}
      title={p.label === undefined ? 'Predictions of this' : undefined}
      aria-label={p.label}
    >
      {p.children}
    </Link>
  )
}

/** What a chart over time needs so that a click on a step leads to its predictions. */
export function usePicks(model: string, window: Pick<Scope, 'from' | 'to'>) {
  const address = useAddress(model)
  const navigate = useNavigate()
  return useCallback(
    (q: (series: string | undefined) => string) => ({
      picks: 'its predictions',
      onPick: (picked: Picked) =>
        void navigate({
          to: '/models/one',
          search: address(stepWithin(window, picked, Date.now()), q(picked.series)),
        }),
    }),
    [address, navigate, window],
  )
}
