/** What a window of predictions is held against, as the URL says it. */
import { useMemo } from 'react'
import type { Scope } from '@/api/queries'
import { is, printTerm } from '@/kit/filter'
import { resolve } from '@/kit/time'

const DAY = 86_400_000
const MINUTE = 60_000
const BACK: Record<string, number> = { day: DAY, week: 7 * DAY }

export interface Held {
  /** The window: narrower than the page's time where its first half is the baseline. */
  window: Scope
  asked: {
    version?: string
    baseline_from?: string
    baseline_to?: string
    baseline_version?: string
    baseline_dataset?: string
  }
  /** `the hour before`: what the baseline is, within a sentence. */
  words: string
}

const iso = (ms: number) => new Date(ms).toISOString()

export function heldAgainst(
  scope: Scope,
  base: string | undefined,
  version: string | undefined,
  now: number,
): Held {
  const of = version ? { version } : {}
  const from = resolve(scope.from ?? '', now)
  const to = resolve(scope.to ?? 'now', now) ?? now
  if (base?.startsWith('version:')) {
    const other = base.slice('version:'.length)
    return {
      window: scope,
      asked: { ...of, baseline_version: other },
      words: `version ${other} in the same time`,
    }
  }
  const fixed = base?.split('..')
  if (fixed?.length === 2) {
    return {
      window: scope,
      asked: { ...of, baseline_from: fixed[0]!, baseline_to: fixed[1]! },
      words: `${fixed[0]!.slice(0, 16)} to ${fixed[1]!.slice(0, 16)}`,
    }
  }
  if (from !== null && base === 'half') {
    const middle = iso((from + to) / 2)
    return {
      window: { ...scope, from: middle, to: iso(to) },
      asked: { ...of, baseline_from: iso(from), baseline_to: middle },
      words: 'the first half of this time',
    }
  }
  const back = BACK[base ?? '']
  if (from !== null && back) {
    return {
      window: scope,
      asked: { ...of, baseline_from: iso(from - back), baseline_to: iso(to - back) },
      words: `the same time the ${base} before`,
    }
  }
  return { window: scope, asked: of, words: 'the time just before, as long' }
}

/** The predictions that a window is held against, to be asked for by themselves; null where there is no time before. */
export function baselineScope(
  scope: Scope,
  base: string | undefined,
  version: string | undefined,
  now: number,
): { scope: Scope; window: Scope; words: string } | null {
  const { asked, words, window } = heldAgainst(scope, base, version, now)
  const of = asked.baseline_version ?? asked.version
  const q = of === undefined ? '' : printTerm(is('version', of))
  if (asked.baseline_version !== undefined) return { scope: { ...window, q }, window, words }
  if (asked.baseline_from !== undefined) {
    return {
      scope: { ...scope, from: asked.baseline_from, to: asked.baseline_to ?? 'now', q },
      window,
      words,
    }
  }
  const from = resolve(scope.from ?? '', now)
  const to = resolve(scope.to ?? 'now', now) ?? now
  if (from === null) return null
  return { scope: { ...scope, from: iso(2 * from - to), to: iso(from), q }, window, words }
}

/** The same baseline on a page about another time: a fixed one, where it depends on the time. */
export function sameBaseline(scope: Scope, base: string | undefined, now: number): string | undefined {
  if (base?.startsWith('version:') || base?.startsWith(DATA) || base?.includes('..')) return base
  const found = baselineScope(scope, base, undefined, now)
  return found ? `${found.scope.from}..${found.scope.to}` : undefined
}

const DATA = 'data:'

/** What is held against the statistics of a data set, where that is what the URL says. */
export function heldAgainstData(
  scope: Scope,
  base: string | undefined,
  version: string | undefined,
): Held | null {
  if (!base?.startsWith(DATA)) return null
  const name = base.slice(DATA.length)
  return {
    window: scope,
    asked: { ...(version ? { version } : {}), baseline_dataset: name },
    words: `the data set ${name}`,
  }
}

/** Relative times stand still within a minute, so that a question is asked once. */
export function useHeld(scope: Scope, base: string | undefined, version: string | undefined): Held {
  const minute = Math.floor(Date.now() / MINUTE) * MINUTE
  return useMemo(() => heldAgainst(scope, base, version, minute), [scope, base, version, minute])
}

/** What is held against, as predictions of their own. */
export function useBaseline(scope: Scope, base: string | undefined, version: string | undefined) {
  const minute = Math.floor(Date.now() / MINUTE) * MINUTE
  return useMemo(() => baselineScope(scope, base, version, minute), [scope, base, version, minute])
}

/** Predictions that a chunk needs at least to be told anything of. */
const ENOUGH = 130
const LADDER = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1_440, 2_880, 10_080, 43_200]

/** So many minutes that a window has some twelve chunks, or fewer where each would have too few predictions. */
export function chunkMinutes(scope: Scope, perSecond = 0, now = Date.now()): number | undefined {
  const from = resolve(scope.from ?? '', now)
  const to = resolve(scope.to ?? 'now', now)
  if (from === null || to === null) return undefined
  const wanted = Math.max((to - from) / MINUTE / 12, perSecond > 0 ? ENOUGH / (perSecond * 60) : 0)
  return LADDER.find((one) => one >= wanted) ?? LADDER.at(-1)
}
