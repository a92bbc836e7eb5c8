import { expect, it } from 'vitest'
import { measureName, measureText, sampleAt, samplingText, type Measure } from './resourceWords'

const measure: Measure = {
  measure: 'gpu_memory',
  part: 'GPU 1',
  metric: 'hw.gpu.memory.utilization',
  unit: '1',
  points: [
    [0, 0.1],
    [15_000, 0.95],
  ],
  interval_s: 15,
  inside: 0,
  peak: 0.95,
  before: 0.1,
  saturated: true,
}

it('writes a share, bytes and CPUs each in its own way', () => {
  expect(measureText('1', 0.954)).toBe('95 %')
  expect(measureText('1', 0.0123)).toBe('1.2 %')
  expect(measureText('By', 2 ** 30)).toBe('1.00 GiB')
  expect(measureText('{cpu}', 1.5)).toBe('1.50 CPUs')
  expect(measureText('1', null)).toBe('–')
})

it('names what was measured, and says when the samples are coarser than the trace', () => {
  expect(measureName(measure)).toBe('GPU 1 memory')
  expect(measureName({ ...measure, measure: 'cpu', part: '' })).toBe('CPU')
  expect(samplingText(measure, 'trace')).toBe(
    'Sampled every 15 s, none of it within this trace: the nearest sample is shown',
  )
  expect(samplingText({ ...measure, inside: 4 }, 'span')).toBe('Sampled every 15 s')
})

it('takes for a moment the sample that covers it', () => {
  expect(sampleAt(measure.points, 4_000)).toEqual([15_000, 0.95])
  expect(sampleAt(measure.points, 0)).toEqual([0, 0.1])
  expect(sampleAt(measure.points, 99_000)).toEqual([15_000, 0.95])
  expect(sampleAt([], 1)).toBeUndefined()
})
