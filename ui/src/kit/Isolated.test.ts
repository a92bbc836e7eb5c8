import { expect, it } from 'vitest'
import { balanced } from './Isolated'

it('leaves text without isolates as it is', () => {
  expect(balanced('GET /פרטים \u202etxt')).toBe('GET /פרטים \u202etxt')
})

it('ends what was begun and begins what was ended', () => {
  expect(balanced('a\u2066b\u2067c')).toBe('a\u2066b\u2067c\u2069\u2069')
  expect(balanced('a\u2069b')).toBe('\u2066a\u2069b')
  expect(balanced('a\u2066b\u2069c')).toBe('a\u2066b\u2069c')
})
