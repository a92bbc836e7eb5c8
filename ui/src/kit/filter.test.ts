import { describe, expect, it } from 'vitest'
import {
  beginsWith,
  chosen,
  contains,
  elements,
  exclude,
  only,
  parseFilter,
  printFilter,
  range,
  toggleTerm,
  toggleValue,
  tokenise,
} from './filter'

describe('filter grammar', () => {
  it.each([
    'service:web',
    'service:web,api',
    '-status:error',
    'duration_ms:>=250ms duration_ms:<1.5s',
    'http.route:*',
    'name:GET*',
    'name:"GET /loans/{id}"',
    'timeout "connection refused" -retry',
    'attributes.user.id:42',
    'name:"with \\"quotes\\" and \\\\ slash"',
    'url.full:"a,b"',
    'name:"GET /x"*',
    'name:"*"',
    'name:GET*,POST,"a b"*',
    'name:">5"',
    '-"key with space":v',
    'label:~sport',
    '-label:~sport,tra*,"a b"*',
    'label:~*',
    'label:"~sport"',
  ])('prints what it parsed: %s', (text) => {
    expect(printFilter(parseFilter(text))).toBe(text)
  })

  it('keeps a value with colons whole', () => {
    expect(parseFilter('url.full:http://a:80/x')).toEqual([
      { negated: false, key: 'url.full', op: 'is', values: ['http://a:80/x'] },
    ])
  })

  it('asks for one of a list, and for any of several', () => {
    expect(parseFilter('label:~sport')).toEqual([contains('label', 'sport')])
    expect(parseFilter('-label:~a,b*')).toEqual([
      { negated: true, key: 'label', op: 'contains', values: ['a', 'b'], prefixes: [false, true] },
    ])
  })

  it('knows the elements of a value that is a list', () => {
    expect(elements('["a","b c",1]')).toEqual(['a', 'b c', '1'])
    expect([elements('a'), elements('["a"'), elements('')]).toEqual([null, null, null])
  })

  it('tells where each term stands, so that completion replaces only that one', () => {
    const [, second] = tokenise('service:web  status:err')
    expect(second).toMatchObject({ start: 13, end: 23 })
  })

  it('forgives a quote that is not closed yet', () => {
    expect(parseFilter('name:"GET /lo')[0]).toMatchObject({ op: 'is', values: ['GET /lo'] })
  })

  it('reads a lone minus as text', () => {
    expect(parseFilter('-')[0]).toMatchObject({ negated: false, op: 'text', values: ['-'] })
  })

  it('only-this replaces what was asked of the key before', () => {
    expect(only('service:web status:error', 'service', 'api')).toBe('status:error service:api')
  })

  it('not-this wins over an earlier only-this', () => {
    expect(exclude('service:web', 'service', 'web')).toBe('-service:web')
  })

  it('toggling builds an any-of and takes it apart', () => {
    const both = toggleValue('service:web', 'service', 'api')
    expect(both).toBe('service:web,api')
    expect(toggleValue(both, 'service', 'web')).toBe('service:api')
    expect(toggleValue('service:api', 'service', 'api')).toBe('')
    expect(chosen(both, 'service').only).toEqual(new Set(['web', 'api']))
  })

  it('a value that is only known to its beginning is asked for by that', () => {
    const long = beginsWith('url', 'a "b" c')
    const on = toggleTerm('service:web', long)
    expect(on).toBe('service:web url:"a \\"b\\" c"*')
    expect(parseFilter(on)[1]).toEqual(long)
    expect(toggleTerm(on, long)).toBe('service:web')
  })

  it('a drawn range replaces the earlier one', () => {
    expect(range('duration_ms:>=1 x:y duration_ms:<5', 'duration_ms', '10', '20')).toBe(
      'x:y duration_ms:>=10 duration_ms:<20',
    )
  })
})
