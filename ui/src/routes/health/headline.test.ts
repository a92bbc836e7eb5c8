import { describe, expect, it } from 'vitest'
import { headline } from './headline'

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
