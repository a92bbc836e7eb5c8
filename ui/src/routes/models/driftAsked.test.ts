import { expect, it } from 'vitest'
import { driftAsked } from './driftAsked'

const HOUR = { project: 'p', from: '2026-11-23T10:00:00Z', to: '2026-11-23T11:00:00Z', q: '' }

it.each([
  [{}, { chunk_minutes: 5 }],
  [{ chunk: '60m' }, { chunk_minutes: 60 }],
  [
    { chunk: '1000', limit: '3std' },
    { chunk_rows: 1000, deviations: 3 },
  ],
  [
    { chunk: 'x', limit: '0.2', method: 'psi' },
    { chunk_minutes: 5, threshold: 0.2, method: ['psi'] },
  ],
  [{ chunk: '0', limit: '0', method: 'tea' }, { chunk_minutes: 5 }],
  [
    { chunk: '60m', method: 'ks' },
    { chunk_minutes: 60, method: ['ks', 'js'] },
  ],
])('%j', (search, asked) => expect(driftAsked(search, HOUR, undefined)).toEqual(asked))
