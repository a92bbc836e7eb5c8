/** The environment is a term of the filter like any other, and travels from page to page. */
import { chosen, is, parseFilter, printFilter } from './filter'

/** OpenTelemetry's name for it, and the one before. */
export const ENVIRONMENT_KEYS = ['deployment.environment.name', 'deployment.environment'] as const

const isKey = (key: string): boolean => (ENVIRONMENT_KEYS as readonly string[]).includes(key)

/** What of the filter speaks of the environment, to be taken along to another page. */
export function environmentTerms(q: string | undefined): string | undefined {
  return printFilter(parseFilter(q ?? '').filter((term) => isKey(term.key))) || undefined
}

/** The one environment that the filter asks for; empty for all of them, undefined for something less simple. */
export function environmentOf(q: string): string | undefined {
  const terms = parseFilter(q).filter((term) => isKey(term.key))
  if (!terms.length) return ''
  const only = ENVIRONMENT_KEYS.flatMap((key) => [...chosen(q, key).only])
  return terms.length === 1 && only.length === 1 ? only[0] : undefined
}

export function withEnvironment(q: string, key: string, value: string): string {
  const others = parseFilter(q).filter((term) => !isKey(term.key))
  return printFilter(value ? [is(key, value), ...others] : others)
}
