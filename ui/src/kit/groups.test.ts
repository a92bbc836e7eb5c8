import { describe, expect, it } from 'vitest'
import { joinKeys, splitKeys } from './groups'

describe('keys to group by', () => {
  it('are read back as they were, commas and percent signs included', () => {
    const keys = ['http.route', 'a,b', '100%', '%2C', 'ключ']
    expect(splitKeys(joinKeys(keys))).toEqual(keys)
  })

  it('stay readable where they are plain', () => {
    expect(joinKeys(['service', 'host.name'])).toBe('service,host.name')
    expect(splitKeys('')).toEqual([])
  })
})
