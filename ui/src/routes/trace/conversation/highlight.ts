/** Where the words of a search stand in a text. */

/** The plain words and phrases of a filter in the page's syntax; keys, signs and exclusions are no text. */
export function searchWords(q: string): string[] {
  const found: string[] = []
  for (const m of q.matchAll(/(-?)(?:"((?:[^"\\]|\\.)*)"|((?:"[^"]*"|[^\s"])+))/g)) {
    const word = m[2] ?? m[3]!
    const plain = m[2] !== undefined || (!word.includes(':') && !/^(AND|OR|NOT|[()<>=!-].*)$/.test(word))
    if (!m[1] && plain && word.trim()) found.push(word.replace(/^\(+|\)+$/g, ''))
  }
  return [...new Set(found)].filter(Boolean).slice(0, 20)
}

/** The filter, for the next page to mark its words; nothing where it has none. */
export const textOf = (q: string | undefined): string | undefined =>
  q && searchWords(q).length ? q : undefined

export interface Piece {
  text: string
  hit: boolean
}

/** No letter or digit before it; but `\n` and its like are no letters in JSON, where a line begins with them. */
const BEGINS = String.raw`(?:(?<![A-Za-z0-9_])|(?<=\\[bfnrt]))`
const ENDS = '(?![A-Za-z0-9_])'

/** A word as a pattern: whole words of ASCII, as the search finds them; every other letter is a word of its own. */
function pattern(word: string): string {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return (/^\w/.test(word) ? BEGINS : '') + escaped + (/\w$/.test(word) ? ENDS : '')
}

/** The text in pieces; case does not matter, in any script, nor whether accents are parts of their letters. */
export function pieces(text: string, words: string[]): Piece[] {
  if (!words.length || !text) return [{ text, hit: false }]
  const forms = words.flatMap((word) => [word, word.normalize('NFC'), word.normalize('NFD')])
  const any = [...new Set(forms)]
    .sort((a, b) => b.length - a.length)
    .map(pattern)
    .join('|')
  return text
    .split(new RegExp(`(${any})`, 'giu'))
    .map((piece, i) => ({ text: piece, hit: i % 2 === 1 }))
    .filter((piece) => piece.text !== '')
}
