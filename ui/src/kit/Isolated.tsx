/** Text of others inside a line of ours: its direction marks must end where it ends. */

const OPENS = /[\u2066-\u2068]/
const CLOSES = '\u2069'

/** With as many ends as beginnings of isolates: one that stays open would swallow the end of the element around it. */
export function balanced(text: string): string {
  if (!/[\u2066-\u2069]/.test(text)) return text
  let [open, unmatched] = [0, 0]
  for (const character of text) {
    if (OPENS.test(character)) open++
    else if (character === CLOSES) {
      if (open) open--
      else unmatched++
    }
  }
  return '\u2066'.repeat(unmatched) + text + CLOSES.repeat(open)
}

export function Isolated({ text }: { text: string }) {
  return <bdi>{balanced(text)}</bdi>
}
