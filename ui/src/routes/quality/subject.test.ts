import { expect, test } from 'vitest'
import { ALL_ROWS, type Subject } from '@/api/qualityQueries'
import type { StatisticsSubject } from '@/api/types'
import { baseChoice, baseOf, shellWord, subjectKey, subjectOfKey } from './subject'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const OF: Subject = {
  project: 'p',
  dataset: '',
  model: 'income',
  version: '3',
  slice: ALL_ROWS,
  from: 'now-7d',
  to: 'now',
}
const listed = (dataset: string) => ({ dataset, model: '', version: '' }) as StatisticsSubject

test('a subject of any name comes back out of the address', () => {
  for (const one of [
    { dataset: 'a:b/c %', model: '', version: '' },
    { dataset: '', model: 'team/income 🎉', version: '2:1' },
  ])
    expect(subjectOfKey(subjectKey(one))).toEqual(one)
  for (const broken of ['none', 'before', 'dataset:', 'model:%E0%A4%A', 'x:y'])
    expect(subjectOfKey(broken)).toBeNull()
})

test('a model is held against the time before, of the same length', () => {
  expect(baseChoice(undefined, OF, [])).toBe('before')
  expect(baseOf('before', OF, NOW)).toEqual({
    ...OF,
    from: '2026-11-12T12:00:00.000Z',
    to: '2026-11-19T12:00:00.000Z',
  })
  expect(baseOf('before', { ...OF, from: 'all' }, NOW)).toBeNull()
})

test('a split is held against the one that was trained on, where there is one', () => {
  const evaluated = { ...OF, model: '', version: '', dataset: 'taxi/eval' }
  const there = [listed('taxi/eval'), listed('taxi/train')]
  expect(baseChoice(undefined, evaluated, there)).toBe('dataset:taxi%2Ftrain:')
  expect(baseChoice(undefined, { ...evaluated, dataset: 'taxi/train' }, there)).toBe('none')
  expect(baseChoice('none', evaluated, there)).toBe('none')
  expect(baseOf('dataset:taxi%2Ftrain:', evaluated, NOW)).toMatchObject({ dataset: 'taxi/train', model: '' })
})

test('another version is looked at in the same time, another data set in any', () => {
  expect(baseOf('model:income:2', OF, NOW)).toEqual({ ...OF, version: '2' })
  expect(baseOf('dataset:census:', OF, NOW)).toMatchObject({ dataset: 'census', model: '', from: 'all' })
})

test('a name stays one word of a command', () => {
  expect(shellWord('census/train')).toBe('census/train')
  expect(shellWord("it's $HOME")).toBe(`'it'\\''s $HOME'`)
  expect(shellWord('-x')).toBe(`'-x'`)
})
