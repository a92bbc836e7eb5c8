import { describe, expect, it } from 'vitest'
import { snippets } from './setUpText'

describe('set-up snippets', () => {
  it('name this server and leave out what it does not ask for', () => {
    const { python, collector, curl } = snippets({
      http: 'http://127.0.0.1:4318/',
      project: 'default',
      key: '',
    })
    for (const text of [python, collector, curl]) {
      expect(text).toContain('http://127.0.0.1:4318')
      expect(text).not.toMatch(/authorization|x-tapetum-project|4318\/\//)
    }
  })

  it('carry the key and the project in the words of each sender', () => {
    const { python, collector, curl } = snippets({ http: 'https://t.example', project: 'demo', key: 'tpt_x' })
    expect(python).toContain(
      'OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20tpt_x,x-tapetum-project=demo"',
    )
    expect(collector).toContain('authorization: "Bearer tpt_x"')
    expect(curl).toContain("-H 'x-tapetum-project: demo'")
  })

  it('give curl a body that is JSON once the shell has put the time in', () => {
    const { curl } = snippets({ http: 'http://h', project: 'default', key: '' })
    const body = /-d '(.*)'$/s.exec(curl)![1]!.replace(`'$(date +%s)'`, '1700000000')
    expect(JSON.parse(body).resourceLogs[0].scopeLogs[0].logRecords[0].timeUnixNano).toBe(
      '1700000000000000000',
    )
  })
})
