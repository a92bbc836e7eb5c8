/**
 * The filter grammar that every explorer shares, as a value.
 *
 * `key:value` · `key:a,b` · `-key:value` · `key:>100` · `key:~one` · `key:*` · `key:val*` · `key:"quoted value"` ·
 * `word` · `"some phrase"` · `-word`. Terms are separated by spaces and must all hold.
 */
export type Operator = 'is' | 'prefix' | 'exists' | '>' | '>=' | '<' | '<=' | 'contains' | 'text'

export interface Term {
  negated: boolean
  /** Empty for full text. */
  key: string
  op: Operator
  /** One value, or several for "any of". */
  values: string[]
  /** For an "any of" that mixes exact values with prefixes: which are prefixes. */
  prefixes?: boolean[]
}

const SPECIAL = /[\s",]/

function quote(value: string, force = false): string {
  const needs = force || value === '' || SPECIAL.test(value) || /^[<>~*-]/.test(value) || value.endsWith('*')
  return needs ? `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"` : value
}

function quoteKey(key: string): string {
  return /[\s":]/.test(key) || key.startsWith('-') ? quote(key, true) : key
}

const printValues = (term: Term): string =>
  term.values.map((v, i) => (term.prefixes?.[i] ? `${v && quote(v)}*` : quote(v))).join(',')

/** The elements of a value as the server takes it for a list: a list is JSON. Null where it is none. */
export function elements(value: string): string[] | null {
  if (!value.startsWith('[')) return null
  try {
    const list = JSON.parse(value) as unknown[]
    return list.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  } catch {
    return null
  }
}

export function printTerm(term: Term): string {
  const sign = term.negated ? '-' : ''
  if (term.op === 'text') {
    const word = term.values[0] ?? ''
    return sign + quote(word, word.includes(':'))
  }
  const key = `${sign}${quoteKey(term.key)}:`
  switch (term.op) {
    case 'exists':
      return `${key}*`
    case 'prefix':
      return `${key}${quote(term.values[0] ?? '')}*`
    case 'is':
      return key + printValues(term)
    case 'contains':
      return `${key}~${printValues(term)}`
    default:
      return key + term.op + quote(term.values[0] ?? '')
  }
}

export function printFilter(terms: readonly Term[]): string {
  return terms.map(printTerm).join(' ')
}

/** Where one term stands in the text: completion and chips both need it. */
export interface Token {
  term: Term
  start: number
  end: number
}

export function parseFilter(text: string): Term[] {
  return tokenise(text).map((t) => t.term)
}

export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  let i = 0

  /** A quoted string (escapes `\"` and `\\`) or a run of characters up to one in `stop`. */
  function word(stop: RegExp): { value: string; quoted: boolean } {
    if (text[i] === '"') {
      i++
      let value = ''
      while (i < text.length && text[i] !== '"') {
        if (text[i] === '\\' && i + 1 < text.length) i++
        value += text[i++]
      }
      i++ // the closing quote, or past the end when it is not typed yet
      return { value, quoted: true }
    }
    const start = i
    while (i < text.length && !stop.test(text[i]!)) i++
    return { value: text.slice(start, i), quoted: false }
  }

  while (i < text.length) {
    if (/\s/.test(text[i]!)) {
      i++
      continue
    }
    const start = i
    const negated = text[i] === '-' && i + 1 < text.length && !/\s/.test(text[i + 1]!)
    if (negated) i++
    const head = word(/[\s:]/)
    if (text[i] !== ':' || (head.value === '' && !head.quoted)) {
      // A bare word runs to the next space, colons included when it began with one.
      if (!head.quoted && text[i] === ':') head.value += word(/\s/).value
      tokens.push({
        term: { negated, key: '', op: 'text', values: [head.value] },
        start,
        end: Math.min(i, text.length),
      })
      continue
    }
    i++ // ':'
    let op: Operator = 'is'
    const comparison = /^(>=|<=|>|<)/.exec(text.slice(i, i + 2))
    if (comparison) {
      op = comparison[1] as Operator
      i += comparison[1]!.length
    } else if (text[i] === '~') {
      op = 'contains'
      i++
    }
    const several = !comparison
    const values: string[] = []
    const prefixes: boolean[] = []
    let exists = false
    for (;;) {
      const part = word(/[\s,]/)
      let prefix = false
      if (part.quoted && text[i] === '*') {
        prefix = true
        i++
      } else if (!part.quoted && several && part.value.endsWith('*')) {
        prefix = true
        part.value = part.value.slice(0, -1)
      }
      exists ||= op === 'is' && prefix && part.value === ''
      values.push(part.value)
      prefixes.push(prefix)
      if (!several || text[i] !== ',') break
      i++
    }
    const some = several && prefixes.includes(true)
    if (exists) op = 'exists'
    else if (some && op === 'is' && values.length === 1) op = 'prefix'
    tokens.push({
      term: {
        negated,
        key: head.value,
        op,
        values: exists ? [] : values,
        ...(some && (op === 'is' || op === 'contains') ? { prefixes } : {}),
      },
      start,
      end: Math.min(i, text.length),
    })
  }
  return tokens
}

export function sameTerm(a: Term, b: Term): boolean {
  return printTerm(a) === printTerm(b)
}

export function is(key: string, value: string, negated = false): Term {
  return { negated, key, op: 'is', values: [value] }
}

/** One of a list; a value by itself is a list of one. */
export function contains(key: string, value: string, negated = false): Term {
  return { negated, key, op: 'contains', values: [value] }
}

/** A value of which only the beginning is known. */
export function beginsWith(key: string, value: string, negated = false): Term {
  return { negated, key, op: 'prefix', values: [value] }
}

/** Add the term, or take it out again. */
export function toggleTerm(text: string, term: Term): string {
  const terms = parseFilter(text)
  const rest = terms.filter((t) => !sameTerm(t, term))
  return printFilter(rest.length < terms.length ? rest : [...terms, term])
}

/** Only this: drop what was said about the key before, then ask for the value. */
export function only(text: string, key: string, value: string): string {
  const rest = parseFilter(text).filter(
    (t) => t.key !== key || t.negated || !['is', 'prefix', 'contains'].includes(t.op),
  )
  return printFilter([...rest, is(key, value)])
}

export function exclude(text: string, key: string, value: string): string {
  const rest = parseFilter(text).filter(
    (t) => !(t.key === key && !t.negated && t.op === 'is' && t.values.includes(value)),
  )
  return printFilter([...rest, is(key, value, true)])
}

export function remove(text: string, term: Term): string {
  return printFilter(parseFilter(text).filter((t) => !sameTerm(t, term)))
}

/** Values of `key` that the filter asks for, and those it refuses. */
export function chosen(text: string, key: string): { only: Set<string>; not: Set<string> } {
  const found = { only: new Set<string>(), not: new Set<string>() }
  for (const term of parseFilter(text)) {
    if (term.key !== key || term.op !== 'is') continue
    for (const value of term.values) (term.negated ? found.not : found.only).add(value)
  }
  return found
}

/** Add the value to the key's "any of", or take it out again. */
export function toggleValue(text: string, key: string, value: string): string {
  const terms = parseFilter(text)
  const at = terms.findIndex((t) => t.key === key && t.op === 'is' && !t.negated)
  if (at < 0) {
    const rest = terms.filter(
      (t) => !(t.key === key && t.negated && t.op === 'is' && t.values.includes(value)),
    )
    return printFilter([...rest, is(key, value)])
  }
  const term = terms[at]!
  const exact = (i: number) => term.values[i] === value && !term.prefixes?.[i]
  const kept = term.values.map((_, i) => i).filter((i) => !exact(i))
  const values = kept.map((i) => term.values[i]!)
  const prefixes = kept.map((i) => term.prefixes?.[i] ?? false)
  if (kept.length === term.values.length) {
    values.push(value)
    prefixes.push(false)
  }
  const next = values.length ? terms.with(at, { ...term, values, prefixes }) : terms.toSpliced(at, 1)
  return printFilter(next)
}

/** Replace every bound on `key` by this range: what a box drawn on a chart asks for. */
export function range(text: string, key: string, low: string | null, high: string | null): string {
  const bounds = new Set<Operator>(['>', '>=', '<', '<='])
  const terms = parseFilter(text).filter((t) => !(t.key === key && bounds.has(t.op)))
  if (low !== null) terms.push({ negated: false, key, op: '>=', values: [low] })
  if (high !== null) terms.push({ negated: false, key, op: '<', values: [high] })
  return printFilter(terms)
}
