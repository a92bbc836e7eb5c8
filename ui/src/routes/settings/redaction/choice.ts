/** What a click on a rule means for what the project says itself. */
import type { RedactionChoice, RedactionRule } from '@/api/types'
import { printFilter, type Term } from '@/kit/filter'

/** The choice after a rule was switched. What the configuration switches on needs no `on` of the project's. */
export function switched(choice: RedactionChoice, rule: RedactionRule, on: boolean): RedactionChoice {
  const without = (names: string[]) => names.filter((name) => name !== rule.name)
  if (on) {
    const off = without(choice.off)
    const needed = rule.by !== 'configuration' && !choice.off.includes(rule.name)
    return { ...choice, off, on: needed ? [...without(choice.on), rule.name] : choice.on }
  }
  // It may be on by its family's name.
  return { ...choice, on: without(choice.on), off: [...without(choice.off), rule.name] }
}

/** All of a family, or none of what the project switched on. */
export function switchedAll(
  choice: RedactionChoice,
  family: 'secrets' | 'pii',
  names: string[],
  on: boolean,
): RedactionChoice {
  const others = (given: string[]) => given.filter((name) => name !== family && !names.includes(name))
  return { ...choice, on: [...others(choice.on), ...(on ? [family] : [])], off: others(choice.off) }
}

/** Not keys of attributes that a filter knows. */
const NO_KEY =
  /^$|\(key\)|^__|^(event|link|scope|exemplar)\.|^(scope|scope_version|name|status_message|trace_state|body|event_name|severity)$/

/**
 * The rows among which the marks are, as nearly as a filter can say it; `null` where no page lists them. Full text does
 * not find a mark reliably: whether `rule:hash` is one word depends on how the hash begins.
 */
export function rowsOf(place: {
  rule: string
  key: string
  signal: string
  sender: string
}): { to: '/traces' | '/logs'; q: string } | null {
  if (place.signal !== 'traces' && place.signal !== 'logs') return null
  const term = (key: string, op: Term['op'], ...values: string[]): Term => ({
    negated: false,
    key,
    op,
    values,
  })
  const terms: Term[] = []
  if (place.sender && !place.sender.startsWith('__')) terms.push(term('service', 'is', place.sender))
  if (!NO_KEY.test(place.key)) terms.push(term(place.key, 'exists'))
  return { to: place.signal === 'traces' ? '/traces' : '/logs', q: printFilter(terms) }
}
