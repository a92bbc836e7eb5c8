/** The error of a slice over time, as a line for a row. */
import type { ChosenSlices, WorstSlices } from '@/api/types'
import { Sparkline } from '@/kit/Sparkline'
import { isoToMs } from '@/kit/time'

type Moment = WorstSlices['trend'][number] | ChosenSlices['slices'][number]['trend'][number]

export function SliceTrend(p: { slice: string; trend: Moment[]; intervalMs: number }) {
  const { trend } = p
  if (trend.length < 2) return <span className="quiet">–</span>
  const first = isoToMs(trend[0]!.time)
  const steps = Math.round((isoToMs(trend.at(-1)!.time) - first) / p.intervalMs) + 1
  const values: (number | null)[] = Array.from({ length: Math.min(steps, 200) }, () => null)
  // A step without labels is a gap.
  for (const one of trend) values[Math.round((isoToMs(one.time) - first) / p.intervalMs)] = one.error
  return <Sparkline label={`Error over time: ${p.slice}`} values={values} />
}
