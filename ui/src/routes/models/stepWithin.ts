import type { Scope } from '@/api/queries'
import { resolve } from '@/kit/time'
import type { Picked } from '@/kit/TimeChart'

/** A step within the window: of the first and the last, only a part may have been asked for. */
export function stepWithin(
  window: Pick<Scope, 'from' | 'to'>,
  step: Pick<Picked, 'from' | 'to'>,
  now: number,
) {
  const iso = (ms: number) => new Date(ms).toISOString()
  const [least, most] = [resolve(window.from, now), resolve(window.to, now)]
  const from = least !== null && least > step.from && least < step.to ? least : step.from
  const to = most !== null && most < step.to && most > from ? most : step.to
  return { from: iso(from), to: iso(to) }
}
