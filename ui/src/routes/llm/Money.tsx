/** What is spent, as far as prices are known: unknown is never a zero, and a part is marked as one. */
import { compact, count, usd } from '@/kit/format'

export function Money({ value, unpriced }: { value: number | null; unpriced: number }) {
  const missing = `${count(unpriced)} ${unpriced === 1 ? 'call has' : 'calls have'} no known cost`
  if (value === null) {
    return unpriced ? (
      <span className="quiet" title={missing}>
        unknown
      </span>
    ) : (
      <span className="quiet">–</span>
    )
  }
  return unpriced ? (
    <span title={`At least; ${missing}`}>
      <span className="unit">≥</span> {usd(value)}
    </span>
  ) : (
    <span>{usd(value)}</span>
  )
}

export function Amount({ value }: { value: number | null }) {
  return value === null ? (
    <span className="quiet">–</span>
  ) : (
    <span title={count(value)}>{compact(value)}</span>
  )
}
