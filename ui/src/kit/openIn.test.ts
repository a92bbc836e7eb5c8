import { expect, it } from 'vitest'
import type { SavedQuery } from '@/api/types'
import { openIn } from './openIn'

const WHERE = { project: 'p', from: 'now-1h', to: 'now' }
const of = (q: string) =>
  openIn({ kind: 'findings', q, measure: 'rows', group_by: [] } as unknown as SavedQuery, {}, WHERE).search

it('leads from findings to those of the model and feature that the filter names', () => {
  expect(of('model:income feature:age severity:ERROR')).toMatchObject({
    model: 'income',
    view: 'findings',
    find: 'age',
  })
  expect(of('severity:ERROR')).toMatchObject({ model: undefined, view: 'findings', find: undefined })
})
