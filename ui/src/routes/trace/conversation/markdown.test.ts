import { describe, expect, it } from 'vitest'
import { pieces, searchWords } from './highlight'
import { parseInline, parseMarkdown } from './markdown'

describe('parseMarkdown', () => {
  it('reads what models write', () => {
    const text =
      '# Plan\n\nFirst **bold** and `code`.\n\n- one\n  - two\n1. three\n\n```py\nprint("*x*")\n```\n> said\n---\n| a | b |\n|---|---|\n| 1 | 2 |'
    expect(parseMarkdown(text).map((block) => block.kind)).toEqual([
      'heading', 'paragraph', 'list', 'code', 'quote', 'rule', 'table',
    ]) // prettier-ignore
    expect(parseMarkdown('```py\nprint("*x*")\n```')).toEqual([
      { kind: 'code', language: 'py', text: 'print("*x*")' },
    ])
  })
  it('keeps HTML as text', () => {
    const html = '<img src=x onerror=alert(1)><script>alert(2)</script>'
    expect(parseMarkdown(html)).toEqual([{ kind: 'paragraph', lines: [[{ kind: 'text', text: html }]] }])
  })
  it('keeps names with underscores whole', () => {
    expect(parseInline('call get_weather_now or a_b')).toEqual([
      { kind: 'text', text: 'call get_weather_now or a_b' },
    ])
  })
  it('tells links and images by name', () => {
    expect(parseInline('![cat](https://a.test/c.png) [x](javascript:alert(1))')[0]).toEqual({
      kind: 'image',
      text: 'cat',
      url: 'https://a.test/c.png',
    })
  })
  it('loses nothing of a fence that never ends', () => {
    expect(parseMarkdown('```\nabc')).toEqual([{ kind: 'code', language: '', text: 'abc' }])
  })
  it('takes hostile repetition in linear time', () => {
    for (const unit of ['*', '_', '[', '`', '**a', '~~', '![', '> ', '|-', '*a_'])
      expect(parseMarkdown(unit.repeat(20_000)).length).toBeGreaterThan(0)
  }, 20_000)
})

describe('highlighting', () => {
  it('takes words and phrases of a filter, not its keys', () => {
    expect(searchWords('paris "two words" -not kind:llm model:"x y" service:web')).toEqual([
      'paris',
      'two words',
    ])
  })
  it('finds words in any case and script', () => {
    expect(
      pieces('Paris パリ paris', ['PARIS', 'パリ'])
        .filter((piece) => piece.hit)
        .map((p) => p.text),
    ).toEqual(['Paris', 'パリ', 'paris'])
    expect(pieces('Cafe\u0301 caf\u00e9', ['caf\u00e9']).filter((piece) => piece.hit)).toHaveLength(2)
    const marked = pieces('narrow arrows \\\\narrow, arrow', ['arrow']).filter((piece) => piece.hit)
    expect(marked).toHaveLength(2)
    expect(pieces('a.b', ['.'])).toEqual([
      { text: 'a', hit: false },
      { text: '.', hit: true },
      { text: 'b', hit: false },
    ])
  })
})
