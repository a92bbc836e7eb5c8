/** Whose statistics a page shows and holds them against, as the address has it. */
import { ALL_ROWS, type Subject } from '@/api/qualityQueries'
import type { StatisticsSubject } from '@/api/types'
import type { Scope } from '@/api/queries'
import { isoToMs, resolve } from '@/kit/time'

export type Named = Pick<StatisticsSubject, 'dataset' | 'model' | 'version'>
type Search = Record<string, string | undefined>

/** A subject as one word of an address; its names may hold anything. */
export const subjectKey = ({ dataset, model, version }: Named): string =>
  [dataset ? 'dataset' : 'model', dataset || model, version].map(encodeURIComponent).join(':')

export function subjectOfKey(key: string): Named | null {
  const [kind, name, version = ''] = key.split(':')
  if ((kind !== 'dataset' && kind !== 'model') || !name) return null
  try {
    const [own, of] = [decodeURIComponent(name), decodeURIComponent(version)]
    return { dataset: kind === 'dataset' ? own : '', model: kind === 'model' ? own : '', version: of }
  } catch {
    return null
  }
}

/** As one says it. */
export const subjectText = ({ dataset, model, version }: Named): string =>
  [dataset || model, version && `version ${version}`].filter(Boolean).join(', ')

export const subjectOf = (search: Search, scope: Scope): Subject => ({
  project: scope.project,
  dataset: search.dataset ?? '',
  model: search.dataset ? '' : (search.model ?? ''),
  version: search.model_version ?? '',
  slice: search.slice ?? ALL_ROWS,
  from: scope.from,
  to: scope.to,
})

/** What stands in the address for the baseline; without it a model is held against the time before, `x/eval` against `x/train`. */
export function baseChoice(
  base: string | undefined,
  subject: Subject,
  there: readonly StatisticsSubject[],
): string {
  if (base) return base
  if (subject.model) return 'before'
  const train = subject.dataset.replace(/[^/]+$/, 'train')
  const found = there.find((one) => one.dataset === train && train !== subject.dataset)
  return found ? subjectKey(found) : 'none'
}

/** The baseline itself; null where there is none. */
export function baseOf(choice: string, subject: Subject, now: number): Subject | null {
  if (choice === 'before') {
    const [from, to] = [resolve(subject.from, now), resolve(subject.to, now)]
    if (!subject.model || from === null || to === null || to <= from) return null
    const iso = (ms: number) => new Date(ms).toISOString()
    return { ...subject, from: iso(2 * from - to), to: iso(from) }
  }
  const other = subjectOfKey(choice)
  return (
    other && { ...subject, ...other, ...(other.model === subject.model ? {} : { from: 'all', to: 'now' }) }
  )
}

/** A word of a command line, whatever it holds. */
export const shellWord = (text: string): string =>
  /^[\w./:@][\w./:@-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** The newest end of windows, else when they were told. */
export const lastOf = (row: StatisticsSubject): string =>
  row.window_end && isoToMs(row.window_end) > 0 ? row.window_end : row.ingested_at
