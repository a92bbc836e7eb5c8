/** The page in two sentences: how much arrives, what is lost and mostly why. */
import type { IngestAnswer } from '@/api/types'
import { count } from '@/kit/format'
import { isoToMs } from '@/kit/time'

/** A sender that was heard within this is still talking. */
export const QUIET_MS = 5 * 60_000

export function summarise(data: IngestAnswer, now: number): { arrived: string; lost: string } {
  const names = new Set(data.senders.map((s) => s.sender))
  const talking = new Set(
    data.senders.filter((s) => now - isoToMs(s.last_time) < QUIET_MS).map((s) => s.sender),
  )
  const accepted = sum(data.senders.map((s) => s.accepted))
  const refused = sum(data.senders.map((s) => s.refused))
  const less = sum(data.senders.map((s) => s.truncated + s.dropped))
  const who = `${count(names.size)} sender${names.size === 1 ? '' : 's'}`
  const silent = names.size - talking.size
  const arrived = `${count(accepted)} ${accepted === 1 ? 'record' : 'records'} arrived from ${who}${
    silent ? `, ${silent === names.size ? 'all' : count(silent)} silent for 5 minutes or more` : ''
  }.`
  const rest = less ? ` ${count(less)} ${less === 1 ? 'was' : 'were'} kept incomplete.` : ''
  if (!refused) return { arrived, lost: `None was refused.${rest}` }
  const share = (refused / (refused + accepted)) * 100
  const worst = data.reasons.filter((r) => r.outcome === 'refused').toSorted((a, b) => b.count - a.count)[0]
  const why = worst ? `, mostly ${worst.reason} from ${worst.sender}` : ''
  return {
    arrived,
    lost: `${count(refused)} ${refused === 1 ? 'was' : 'were'} refused (${percent(share)})${why}.${rest}`,
  }
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0)

const percent = (share: number): string => (share < 0.1 ? 'under 0.1 %' : `${share.toFixed(1)} %`)
