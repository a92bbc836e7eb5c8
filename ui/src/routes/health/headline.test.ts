import { describe, expect, it } from 'vitest'
import { byKind, headline } from './headline'

const row = (severity: 'critical' | 'warning' | 'info', muted = false) => ({ severity, muted })

describe('headline', () => {
  it('says how many of each, the worst first', () => {
    expect(headline([row('warning'), row('critical'), row('critical'), row('info')])).toBe(
      '2 critical, 1 warning',
    )
    expect(headline([row('warning'), row('warning')])).toBe('2 warnings')
  })
  it('counts neither what is muted nor what is only to know', () => {
    expect(headline([row('critical', true), row('info')])).toBe('Nothing needs attention')
    expect(headline([])).toBe('Nothing needs attention')
  })
})

describe('byKind', () => {
  const line = (rule: string, severity: 'critical' | 'warning', subject: number) => ({
    ...row(severity),
    rule,
    subject,
  })
  it('folds many lines of one kind, and leaves those of others to be seen', () => {
    const late = Array.from({ length: 50 }, (_, i) => line('late', 'warning', i))
    const kinds = byKind([line('monitor', 'critical', 1), ...late, line('host', 'warning', 2)])
    expect(kinds.map(({ shown, folded }) => [shown[0]!.rule, shown.length, folded.length])).toEqual([
      ['monitor', 1, 0],
      ['late', 3, 47],
      ['host', 1, 0],
    ])
  })
  it('folds nothing where there are few', () => {
    const few = Array.from({ length: 4 }, (_, i) => line('late', 'warning', i))
    expect(byKind(few)).toEqual([{ shown: few, folded: [] }])
  })
})
