import { describe, expect, it } from 'vitest'
import { reachedAt, snippets, SNIPPETS } from './setUpText'

const plain = snippets({ http: 'http://127.0.0.1:4318/', project: 'default', key: '' })
const asked = snippets({ http: 'https://t.example/tapetum', project: 'demo', key: 'tpt_x' })
const KINDS = SNIPPETS.map((s) => s.kind).filter((kind) => kind !== 'demo')

describe('set-up snippets', () => {
  it.each(KINDS)('%s names this server and leaves out what it does not ask for', (kind) => {
    expect(plain[kind]).toContain('127.0.0.1')
    expect(plain[kind]).toContain('4318')
    expect(plain[kind]).not.toMatch(
      /authorization|bearer|TAPETUM_KEY|x-tapetum-project|--project|4318\/\/|undefined/i,
    )
  })

  it.each(KINDS)('%s carries the key, the project and the path of a proxy', (kind) => {
    expect(asked[kind]).toContain('t.example')
    expect(asked[kind]).toContain('/tapetum')
    expect(asked[kind]).toContain('tpt_x')
    expect(asked[kind]).toContain('demo')
  })

  it('use the words of each sender', () => {
    expect(asked.python).toContain(
      'OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20tpt_x,x-tapetum-project=demo"',
    )
    expect(asked.collector).toContain('      authorization: "Bearer tpt_x"')
    expect(asked.curl).toContain("-H 'x-tapetum-project: demo'")
    expect(asked['fluent-bit']).toContain('port: 443')
    expect(asked['fluent-bit']).toContain('tls: on')
    expect(asked['fluent-bit']).toContain('logs_uri: /tapetum/v1/logs')
  })

  it.each(['curl', 'curl-span'])(
    '%s has a body that is JSON once the shell has put time and ids in',
    (kind) => {
      const body = /-d '(.*)'$/s
        .exec(plain[kind]!)![1]!
        .replaceAll(`'$(date +%s)'`, '1700000000')
        .replace(/'\$\(od [^)]*\)'/g, 'ab')
      expect(JSON.stringify(JSON.parse(body))).toContain('"1700000000000000000"')
    },
  )

  it('name the address at which the browser found the server, and its path', () => {
    expect(reachedAt('https://t.example', 'http://127.0.0.1:4318')).toBe('https://t.example')
    expect(reachedAt('https://t.example', 'http://127.0.0.1:4318/tapetum')).toBe('https://t.example/tapetum')
    expect(reachedAt('http://h:1', null)).toBe('http://h:1')
  })
})
