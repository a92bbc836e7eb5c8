/** How a difference is written: with its sign, and never by colour alone. */
import { durationText } from '@/kit/format'

export function signed(ns: number): string {
  if (ns === 0) return '0'
  return `${ns > 0 ? '+' : '−'}${durationText(Math.abs(ns) / 1e6)}`
}

export function Swatch({ side }: { side: 'a' | 'b' }) {
  return (
    <span className={`c-swatch ${side}`}>
      <i aria-hidden />
      {side.toUpperCase()}
    </span>
  )
}
