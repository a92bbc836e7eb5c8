import { describe, expect, it } from 'vitest'
import type { IngestAnswer } from '@/api/types'
import { summarise } from './summary'

const now = Date.parse('2026-11-23T10:00:00Z')
const sender = (name: string, accepted: number, refused: number, last: string) => ({
  project: 'default',
  sender: name,
  signal: 'traces',
  accepted,
  refused,
  dropped: 0,
  truncated: 0,
  last_time: last,
})
const answer = (senders: IngestAnswer['senders'], reasons: IngestAnswer['reasons'] = []): IngestAnswer => ({
  senders,
  reasons,
  redacted: [],
  series: { interval_ms: 60_000, buckets: [] },
})

describe('ingest in two sentences', () => {
  it('says how much, from how many, and that nothing was lost', () => {
    const said = summarise(answer([sender('web', 1200, 0, '2026-11-23T09:59:58Z')]), now)
    expect(said).toEqual({ arrived: '1,200 records arrived from 1 sender.', lost: 'None was refused.' })
  })
  it('names the share and the reason behind most of what was refused', () => {
    const said = summarise(
      answer(
        [sender('web', 900, 0, '2026-11-23T09:59:58Z'), sender('old', 0, 100, '2026-11-23T08:00:00Z')],
        [
          {
            project: 'default',
            sender: 'old',
            signal: 'traces',
            outcome: 'refused',
            reason: 'invalid_span_id',
            count: 100,
            last_time: '2026-11-23T08:00:00Z',
          },
        ],
      ),
      now,
    )
    expect(said.arrived).toBe('900 records arrived from 2 senders, 1 silent for 5 minutes or more.')
    expect(said.lost).toBe('100 were refused (10.0 %), mostly invalid_span_id from old.')
  })
  it('keeps apart what was refused and what was kept incomplete', () => {
    const web = { ...sender('web', 900, 0, '2026-11-23T09:59:58Z'), dropped: 2, truncated: 1 }
    expect(summarise(answer([web]), now).lost).toBe('None was refused. 3 were kept incomplete.')
  })
})
