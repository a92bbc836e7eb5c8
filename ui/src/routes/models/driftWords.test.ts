import { describe, expect, it } from 'vitest'
import type { DriftFeature, DriftReport } from '@/api/types'
import { behind, behindNone, readFrom, sentence } from './driftWords'

const named = (name: string) => ({ name, verdict: 'drift' }) as DriftFeature

describe('the predictions behind a bin', () => {
  it.each([
    ['< 1200', 'bin', 'income:<1200'],
    ['≥ 5.5', 'bin', 'income:>=5.5'],
    ['> 0', 'bin', 'income:>0'],
    ['= 3', 'bin', 'income:3'],
    ['-1.5 … 2e+06', 'bin', 'income:>="-1.5" income:<2e+06'],
    ['missing', 'presence', '-income:*'],
    ['mobile', 'value', 'income:mobile'],
  ])('%s', (what, kind, filter) => expect(behind(named('income'), what, kind)).toBe(filter))
  it('has none where no filter says it', () => {
    expect(behind(named('income'), '(other values)', 'value')).toBeNull()
    const many = Array.from({ length: 400 }, (_, n) => `a rather long name of a value, number ${n}`)
    expect(behind({ name: 'shop', others_than: many }, '(other values)', 'value')).toBeNull()
    const unseen = { name: 'mail.unseen_words', of_text: 'mail' }
    expect(behind(unseen, '≥ 0.5', 'bin')).toBeNull()
  })
  it('has what is none of the values that are listed', () => {
    const shop = { name: 'shop', others_than: ['a', 'b, c'] }
    expect(behind(shop, '(other values)', 'value')).toBe('shop:* -shop:a,"b, c"')
    expect(behind(shop, 'a', 'value')).toBe('shop:a')
  })
  it('has what is not drawn', () => {
    const of = (others_than: string[], ...drawn: string[]) =>
      behindNone({ name: 'shop', others_than, bars: drawn.map((what) => ({ what })) } as DriftFeature)
    expect(of([], 'a', 'b')).toBe('shop:* -shop:a,b')
    expect(of(['a', 'b', 'c'], 'a', 'b')).toBe('shop:* -shop:a,b')
    // What is not listed is a bar of its own.
    expect(of(['a', 'b', 'c'], 'a', '(other values)')).toBe('shop:b,c')
    expect(of(['a'], 'a', '(other values)')).toBeNull()
  })
  it('has what a text is like', () => {
    const words = { name: 'mail.words', of_text: 'mail' }
    expect(behind(words, '5 … 9', 'bin')).toBe('texts.mail.words:>=5 texts.mail.words:<9')
    expect(behind(words, 'missing', 'presence')).toBe('-texts.mail.words:*')
  })
  it('tells whether an answer was right from a feature of that name', () => {
    expect(behind(named('correct'), 'yes', 'value')).toBe('features.correct:yes')
    expect(behind(named('correct'), 'wrong', 'value', 'correct')).toBe('correct:wrong')
  })
  it('knows what columns are called in filters', () => {
    expect(behind(named('prediction'), '= 1', 'bin')).toBe('output:1')
    expect(behind(named('features.time'), 'x', 'value')).toBe('features.time:x')
    expect(behind(named('scores.not yet'), '< 0.5', 'bin')).toBe('"scores.not yet":<0.5')
  })
})

it('says in a sentence what moved', () => {
  const report = { verdict: 'drift', compared: 9, features: ['a', 'b', 'c', 'd'].map(named) } as DriftReport
  expect(sentence(report)).toBe('Drift: 4 of 9 columns moved: a, b, c and 1 more.')
})

it('says when not every prediction was read', () => {
  const of = (...ways: string[]) => readFrom({ features: ways.map((way) => ({ way })) } as DriftReport)?.words
  expect(of('exact')).toBeUndefined()
  expect(of('from states')).toBe('from kept statistics')
  expect(of('from states', 'exact')).toBe('mostly from kept statistics')
})
