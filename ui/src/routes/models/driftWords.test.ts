import { describe, expect, it } from 'vitest'
import type { DriftFeature, DriftReport } from '@/api/types'
import { behind, readFrom, sentence } from './driftWords'

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
    expect(behind(named('correct'), 'yes', 'value')).toBeNull()
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
