import { describe, expect, it } from 'vitest'
import { environmentOf, environmentTerms, withEnvironment } from './environment'

const KEY = 'deployment.environment.name'

describe('the environment in the filter', () => {
  it('is put in, changed and taken out, and the rest stays', () => {
    const one = withEnvironment('service:web -status:ok', KEY, 'live site')
    expect(one).toBe(`${KEY}:"live site" service:web -status:ok`)
    expect(environmentOf(one)).toBe('live site')
    expect(withEnvironment(one, KEY, 'test')).toBe(`${KEY}:test service:web -status:ok`)
    expect(withEnvironment(one, KEY, '')).toBe('service:web -status:ok')
  })

  it('is all of them, or nothing simple', () => {
    expect(environmentOf('service:web')).toBe('')
    expect(environmentOf('deployment.environment:old')).toBe('old')
    expect(environmentOf(`${KEY}:a,b`)).toBeUndefined()
    expect(environmentOf(`-${KEY}:a`)).toBeUndefined()
    expect(environmentOf(`${KEY}:a*`)).toBeUndefined()
  })

  it('travels without the rest', () => {
    expect(environmentTerms(`words ${KEY}:a service:web`)).toBe(`${KEY}:a`)
    expect(environmentTerms('service:web')).toBeUndefined()
    expect(environmentTerms(undefined)).toBeUndefined()
  })
})
