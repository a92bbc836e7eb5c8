import { describe, expect, it } from 'vitest'
import {
  binFilter,
  cellFilter,
  conditionFilter,
  classFilter,
  columnOf,
  costsOf,
  metricName,
  metricText,
  outcomeAt,
  outcomeFilter,
  sliceFilter,
  within,
} from './performanceWords'

it.each([
  ['region = east', 'region:east'],
  ['region = east AND 18 <= age < 30', 'region:east age:>=18 age:<30'],
  ['burden >= 1.5', 'burden:>=1.5'],
  ['income < 1e+06', 'income:<1e+06'],
  ['job is missing', '-job:*'],
  ['job = (others)', null],
])('the slice %s as a filter', (slice, filter) => expect(sliceFilter(slice)).toBe(filter))

it('finds the predictions of one of several classes at once', () => {
  expect(classFilter('sport', true, true)).toBe('label:~sport output_label:~sport')
  expect(classFilter('a, b', false, true)).toBe('labelled:true -label:~"a, b" output_label:~"a, b"')
  expect(classFilter('sport', true, false)).toBe('label:~sport -output_label:~sport')
  expect(classFilter('sport', undefined, true)).toBe('labelled:true output_label:~sport')
  expect(classFilter('sport', true)).toBe('label:~sport')
})

it('knows the column of a slice by its values', () =>
  expect(['region = east', 'a = 1 AND b = 2', 'age >= 30'].map(columnOf)).toEqual([
    'region',
    undefined,
    undefined,
  ]))

it('writes shares as such, and what has no value as none', () => {
  expect(metricText('accuracy', 0.842)).toMatch(/84/)
  expect(metricText('brier_score', 0.12345)).toBe('0.123')
  expect(metricText('precision', null)).toBe('–')
})

it('the ends of an interval of a share stay within what a share can be', () => {
  expect([within('accuracy', 1.06), within('auc', -0.1), within('recall', 0.4)]).toEqual([1, 0, 0.4])
  expect(within('expected_calibration_error', -0.008)).toBe(0)
  expect(within('mean_error', -3)).toBe(-3)
})

const TABLE = { thresholds: [0, 0.5, 1], tp: [4, 3, 0], fp: [6, 1, 0], tn: [0, 5, 6], fn: [0, 1, 4] }

it('says what another threshold would have answered, and what that is worth', () => {
  const found = outcomeAt({ ...TABLE, values: [2, 7, -3], best: 0.5 }, 0.44)
  expect([found.threshold, found.worth]).toEqual([0.5, 7])
  expect(Object.fromEntries(found.said)).toEqual({
    'Called positive': 0.4,
    Precision: 0.75,
    Recall: 0.75,
    F1: 0.75,
    Accuracy: 0.8,
  })
  expect(outcomeAt({ ...TABLE, values: [], best: null }, 1).said[1]).toEqual(['Precision', null])
})

it('reads what answers are worth, and nothing of what is not four numbers', () => {
  expect(costsOf('5,-2,0,-9')).toEqual([5, -2, 0, -9])
  expect(['', '1,2', '1,,2,3', '1,2,3,x'].map(costsOf)).toEqual([null, null, null, null])
})

it('names a metric with what it is asked at', () =>
  expect(['ndcg@10', 'recall_at_k@5', 'auc', 'own_metric'].map(metricName)).toEqual([
    'NDCG at 10',
    'Recall at 5',
    'ROC AUC',
    'own_metric',
  ]))

const YES = { task: 'binary', label: 'label', prediction: 'score', positive: 'default' } as const
const BITS = { task: 'binary', label: 'label_value', prediction: 'prediction', positive: '' } as const

it('finds the predictions of a cell of the confusion matrix', () => {
  const words = ['default', 'repaid']
  expect(cellFilter(YES, words, 0, 1)).toBe('label:default score:<=0.5')
  expect(cellFilter(YES, words, 1, 0)).toBe('-label:default labelled:true score:>0.5')
  expect(cellFilter(BITS, ['1', '0'], 1, 0)).toBe('label_value:0 output:1')
  expect(cellFilter({ ...YES, task: 'multiclass' }, ['a b', 'c'], 0, 1)).toBe('label:"a b" output_label:c')
})

it('finds the predictions that another threshold would have called so', () => {
  expect(outcomeFilter(YES, true, true, 0.3)).toBe('label:default score:>0.3')
  const { counts } = outcomeAt({ ...TABLE, values: [], best: null }, 0.5)
  expect(counts.map(([name, n]) => `${n} ${name}`)).toEqual([
    '3 right yes',
    '1 wrong yes',
    '5 right no',
    '1 missed yes',
  ])
})

it('finds the predictions of a bin of the calibration; the outer ones hold what lies beyond', () => {
  expect(binFilter({ low: 0.2, high: 0.3 })).toBe('labelled:true score:>=0.2 score:<0.3')
  expect(binFilter({ low: 0, high: 0.1 })).toBe('labelled:true score:<0.1')
  expect(binFilter({ low: 0.9, high: 1 })).toBe('labelled:true score:>=0.9')
})

describe('a condition in SQL as a filter', () => {
  it.each([
    ["`channel` = 'mobile'", 'channel:mobile'],
    [
      "age >= 60 AND `channel` != 'it''s and, b' and x<-1.5",
      'age:>=60 channel:* -channel:"it\'s and, b" x:<"-1.5"',
    ],
    ["`tags.region` IN ('eu', 'us') AND age is not null", 'tags.region:eu,us age:*'],
    ["prediction = 1 AND job NOT IN ('a') AND home IS NULL", 'output:1 job:* -job:a -home:*'],
  ])('%s', (sql, filter) => expect(conditionFilter(sql)).toBe(filter))
  it.each([
    'age > 3 OR age < 1',
    'lower(job) = 1',
    "job > 'a'",
    "job = 'a\\'b'",
    'age BETWEEN 1 AND 3',
    'not age = 3',
    '',
  ])('is none of %s', (sql) => expect(conditionFilter(sql)).toBeNull())
})
