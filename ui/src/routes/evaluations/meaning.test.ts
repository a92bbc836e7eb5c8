import { describe, expect, it } from 'vitest'
import type { ScoreDefinition } from '@/api/types'
import { binsAsked, failing, inOrder, inWords, labelColour, verdict, worstFirst } from './meaning'

const of = (more: Partial<ScoreDefinition>): ScoreDefinition => ({
  name: 'x', kind: 'numeric', description: '', direction: 'higher', minimum: null, maximum: null, threshold: null,
  labels: [], updated_at: '', updated_by: '', ...more,
}) // prettier-ignore
const row = (score: number | null, label = '', threshold: number | null = null) => ({
  score,
  label,
  threshold,
})
const tone = of({
  kind: 'categorical',
  labels: [
    { label: 'rude', key: 1, passes: false },
    { label: 'odd, cold', key: 2, passes: null },
    { label: 'kind', key: 3, passes: true },
  ],
})

describe('what a score means', () => {
  it('passes by its own threshold, else by the definition, in its direction', () => {
    const lower = of({ direction: 'lower', threshold: 0.2 })
    expect([0.1, 0.3].map((s) => verdict(row(s), lower))).toEqual([true, false])
    expect(verdict(row(0.3, '', 0.4), lower)).toBe(true)
    expect(verdict(row(0.3), null)).toBeNull()
    expect(verdict(row(0), of({ kind: 'boolean' }))).toBe(false)
    expect(['rude', 'odd, cold', 'kind'].map((l) => verdict(row(null, l), tone))).toEqual([false, null, true])
  })
  it('leads to those that fail, the worst first', () => {
    expect(failing(of({ threshold: 0.7 }))).toBe('score:<0.7')
    expect(failing(of({ threshold: 0.2, direction: 'lower' }))).toBe('score:>0.2')
    expect(failing(of({ kind: 'boolean' }))).toBe('score:<1')
    expect(failing(tone)).toBe('label:rude')
    expect(failing(of({}))).toBe('')
    expect([worstFirst(null), worstFirst(of({ direction: 'lower' }))]).toEqual(['score', '-score'])
  })
  it('is said in words, with labels in their order and colours', () => {
    expect(inWords(of({ minimum: 0, maximum: 1, threshold: 0.5 }))).toBe(
      '0 to 1, higher is better, passes from 0.5',
    )
    expect(inWords(tone)).toBe('rude · odd, cold · kind, the last is the best')
    const given = [{ label: 'kind' }, { label: 'new' }, { label: 'rude' }]
    expect(inOrder(given, tone).map((l) => l.label)).toEqual(['rude', 'kind', 'new'])
    expect(['rude', 'odd, cold', 'kind', 'new'].map((l) => labelColour(l, tone, 'grey'))).toEqual([
      'var(--bad)', 'var(--warn)', 'var(--good)', 'grey',
    ]) // prettier-ignore
  })
})

describe('a pinned distribution', () => {
  it('asks for each score where there are few, with the filter of the page', () => {
    expect(binsAsked('tone', [{ start: 0, end: 0 }, { start: 1, end: 1 }], 'source:llm')).toEqual({
      kind: 'evaluations', measure: 'count', group_by: ['score'], q: 'name:tone score:* source:llm',
    }) // prettier-ignore
  })
  it('asks for bins in SQL, and not where a filter would be lost', () => {
    const bins = [{ start: 0, end: 0.5 }, { start: 0.5, end: 1 }] // prettier-ignore
    const asked = binsAsked("it's", bins, '')
    expect(asked?.kind === 'sql' && asked.query).toContain("name = 'it\\'s'")
    expect(asked?.kind === 'sql' && asked.query).toContain('least(1, greatest(0, floor((score - 0) / 0.5)))')
    expect(binsAsked('tone', bins, 'source:llm')).toBeNull()
  })
})
