/** How rate, errors and durations of services are written, the same in every table of them. */
import type { ServiceRow } from '@/api/types'
import { Duration } from '@/kit/values'

/** Requests per second or, where that is little, per minute or hour. */
export function perTime(perSecond: number): { value: string; unit: string } {
  if (perSecond === 0) return { value: '0', unit: '/s' }
  if (perSecond >= 1) return { value: figures(perSecond), unit: '/s' }
  if (perSecond * 60 >= 1) return { value: figures(perSecond * 60), unit: '/min' }
  return { value: figures(perSecond * 3600), unit: '/h' }
}

const figures = (n: number): string =>
  n >= 1000 ? `${(n / 1000).toFixed(1)}k` : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2)

export function Rate({ perSecond }: { perSecond: number }) {
  const { value, unit } = perTime(perSecond)
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      {value}
      <span className="unit">{unit}</span>
    </span>
  )
}

/** What counts as a request: the first that any service has is what charts of all of them ask for. */
export const BASES = ['requests', 'traces', 'spans'] as const
/** The spans that count as requests on each basis, as a filter. */
export const BASIS_Q: Record<ServiceRow['basis'], string> = {
  requests: 'span_kind:server,consumer',
  traces: '-parent_span_id:*',
  spans: '',
}

/** Shares of failed requests: grey while there are none, red beyond one in a hundred. */
export function ErrorShare({ share }: { share: number }) {
  if (share === 0) return <span className="quiet">0 %</span>
  return <span className={`k-badge ${share > 0.01 ? 'error' : 'warn'}`}>{percent(share)}</span>
}

export const percent = (share: number): string => {
  const n = share * 100
  return `${n === 0 || n >= 10 ? n.toFixed(0) : n >= 0.1 ? n.toFixed(1) : '<0.1'} %`
}

export function Took({ ms }: { ms: number | null }) {
  return ms === null ? <span className="quiet">–</span> : <Duration ms={ms} />
}

const BASIS: Record<ServiceRow['basis'], string> = {
  requests: 'Its spans of kind server and consumer',
  traces: 'It has no server spans: the traces that it begins',
  spans: 'It has neither server spans nor traces of its own: all its spans',
}

/** What counts as a request; said only where it is not what one expects. */
export function Basis({ basis }: { basis: ServiceRow['basis'] }) {
  return basis === 'requests' ? null : (
    <span className="unit" title={BASIS[basis]}>
      {basis}
    </span>
  )
}
