import { describe, expect, it } from 'vitest'
import { baselineScope, chunkMinutes, heldAgainst, heldAgainstData, sameBaseline } from './baseline'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const SCOPE = { project: 'p', from: 'now-1h', to: 'now', q: '' }

describe('what a window is held against', () => {
  it('is left to the server by default', () => {
    expect(heldAgainst(SCOPE, undefined, undefined, NOW)).toMatchObject({ window: SCOPE, asked: {} })
  })
  it('is the same time a day before', () => {
    const { asked } = heldAgainst(SCOPE, 'day', '2', NOW)
    expect(asked).toEqual({
      version: '2',
      baseline_from: '2026-11-25T11:00:00.000Z',
      baseline_to: '2026-11-25T12:00:00.000Z',
    })
  })
  it('is the first half, and the window the second', () => {
    const { window, asked } = heldAgainst(SCOPE, 'half', undefined, NOW)
    expect([window.from, window.to]).toEqual(['2026-11-26T11:30:00.000Z', '2026-11-26T12:00:00.000Z'])
    expect(asked).toEqual({ baseline_from: '2026-11-26T11:00:00.000Z', baseline_to: window.from })
  })
  it('is another version, or a fixed time', () => {
    expect(heldAgainst(SCOPE, 'version:1:a', undefined, NOW).asked).toEqual({ baseline_version: '1:a' })
    expect(heldAgainst(SCOPE, '2026-11-01..2026-11-02', undefined, NOW).asked).toEqual({
      baseline_from: '2026-11-01',
      baseline_to: '2026-11-02',
    })
  })
  it('is a data set by its name, and nothing else is', () => {
    expect(heldAgainstData(SCOPE, 'data:a:b', '2')?.asked).toEqual({ version: '2', baseline_dataset: 'a:b' })
    for (const base of [undefined, 'day', 'version:data:x'])
      expect(heldAgainstData(SCOPE, base, '2')).toBeNull()
  })
  it('is predictions of their own time, of the version that is asked about or of the other', () => {
    const of = (base?: string, version?: string) => baselineScope(SCOPE, base, version, NOW)?.scope
    expect(of()).toEqual({
      project: 'p',
      from: '2026-11-26T10:00:00.000Z',
      to: '2026-11-26T11:00:00.000Z',
      q: '',
    })
    expect(of('half', '2')).toEqual({
      project: 'p',
      from: '2026-11-26T11:00:00.000Z',
      to: '2026-11-26T11:30:00.000Z',
      q: 'version:2',
    })
    expect(of('version:1 a', '2')).toEqual({ ...SCOPE, q: 'version:"1 a"' })
    expect(baselineScope({ ...SCOPE, from: 'all' }, undefined, undefined, NOW)).toBeNull()
  })
  it('stays the same where the time becomes another', () => {
    expect(sameBaseline(SCOPE, undefined, NOW)).toBe('2026-11-26T10:00:00.000Z..2026-11-26T11:00:00.000Z')
    expect(sameBaseline(SCOPE, 'day', NOW)).toBe('2026-11-25T11:00:00.000Z..2026-11-25T12:00:00.000Z')
    for (const base of ['version:1', 'data:train', '2026-11-01..2026-11-02'])
      expect(sameBaseline(SCOPE, base, NOW)).toBe(base)
    expect(sameBaseline({ ...SCOPE, from: 'all' }, undefined, NOW)).toBeUndefined()
  })
  it('has some twelve chunks, and fewer where predictions are few', () => {
    expect(chunkMinutes(SCOPE, 0.25, NOW)).toBe(10)
    expect(chunkMinutes(SCOPE, 100, NOW)).toBe(5)
    expect(chunkMinutes({ ...SCOPE, from: 'now-1m' }, 100, NOW)).toBe(1)
    expect(chunkMinutes({ ...SCOPE, from: 'all' }, 100, NOW)).toBeUndefined()
  })
})
