import { describe, expect, it } from 'vitest'
import { oneLine, read, typed } from './itemValue'

describe('a value of an item', () => {
  it('is read back as it was typed', () => {
    for (const value of ['7', 7, { a: [null] }, 'two\nlines', null])
      expect(read(typed(value))).toEqual({ value })
    expect(typed('7').as).toBe('text')
  })
  it('says what is no JSON', () => {
    expect(read({ text: '{', as: 'json' })).toHaveProperty('problem')
    expect(read({ text: ' ', as: 'json' })).toEqual({ value: null })
  })
  it('is one line in a table: of messages the last', () => {
    const messages = ['first', 'last\none'].map((content) => ({ parts: [{ type: 'text', content }] }))
    expect(oneLine(messages)).toBe('last one')
    expect(oneLine('a\n b')).toBe('a b')
    expect(oneLine(null)).toBe('')
  })
})
