/**
 * The part of Markdown that models write, as a tree. No HTML, no images, no links that could be followed: a tree of
 * known nodes is all that comes out, so there is nothing to sanitise.
 */

export type Inline =
  | { kind: 'text' | 'code'; text: string }
  | { kind: 'strong' | 'em' | 'del'; inner: Inline[] }
  | { kind: 'link' | 'image'; text: string; url: string }

export type Block =
  | { kind: 'paragraph' | 'quote'; lines: Inline[][] }
  | { kind: 'heading'; level: number; line: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'list'; ordered: boolean; start: number; items: { depth: number; line: Inline[] }[] }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' }

const FENCE = /^ {0,3}(```+|~~~+)\s*([\w+#.-]*)/
const HEADING = /^ {0,3}(#{1,6})\s+(.*)$/
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/
const QUOTE = /^ {0,3}>\s?(.*)$/
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/
/** One alternation, no nested repetition: its time grows with the text and not faster. */
const INLINE =
  /(`+)([^`]{1,2000}?)\1(?!`)|(!?)\[([^\][\n]{0,500})\]\(([^()\s]{1,2000})(?:\s"[^"\n]{0,200}")?\)|(\*\*|__)(?=\S)([^\n]{1,2000}?\S)\6|([*_])(?=\S)([^*_\n]{1,1000}?)\8(?!\w)|~~([^~\n]{1,1000})~~/g
const MAX_DEPTH = 4

export function parseInline(text: string, depth = 0): Inline[] {
  if (depth >= MAX_DEPTH) return [{ kind: 'text', text }]
  const out: Inline[] = []
  let last = 0
  for (const m of text.matchAll(INLINE)) {
    // snake_case is a name, not emphasis.
    if (m[8] === '_' && /\w/.test(text[m.index - 1] ?? '')) continue
    if (m.index > last) out.push({ kind: 'text', text: text.slice(last, m.index) })
    if (m[1]) out.push({ kind: 'code', text: m[2]! })
    else if (m[5] !== undefined) out.push({ kind: m[3] ? 'image' : 'link', text: m[4]!, url: m[5] })
    else if (m[6]) out.push({ kind: 'strong', inner: parseInline(m[7]!, depth + 1) })
    else if (m[8]) out.push({ kind: 'em', inner: parseInline(m[9]!, depth + 1) })
    else out.push({ kind: 'del', inner: parseInline(m[10]!, depth + 1) })
    last = m.index + m[0].length
  }
  if (last < text.length) out.push({ kind: 'text', text: text.slice(last) })
  return out
}

const cells = (line: string): Inline[][] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => parseInline(cell.trim()))

export function parseMarkdown(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  const blocks: Block[] = []
  let paragraph: Inline[][] = []
  const flush = () => {
    if (paragraph.length) blocks.push({ kind: 'paragraph', lines: paragraph })
    paragraph = []
  }
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    const fence = FENCE.exec(line)
    if (fence) {
      flush()
      const code: string[] = []
      for (i++; i < lines.length && !lines[i]!.trimStart().startsWith(fence[1]!); i++) code.push(lines[i]!)
      blocks.push({ kind: 'code', language: fence[2]!, text: code.join('\n') })
      continue
    }
    const heading = HEADING.exec(line)
    if (heading) {
      flush()
      blocks.push({ kind: 'heading', level: heading[1]!.length, line: parseInline(heading[2]!) })
      continue
    }
    if (RULE.test(line)) {
      flush()
      blocks.push({ kind: 'rule' })
      continue
    }
    const quote = QUOTE.exec(line)
    if (quote) {
      flush()
      const quoted = [parseInline(quote[1]!)]
      for (let next; (next = QUOTE.exec(lines[i + 1] ?? '')); i++) quoted.push(parseInline(next[1]!))
      blocks.push({ kind: 'quote', lines: quoted })
      continue
    }
    if (line.includes('|') && DIVIDER.test(lines[i + 1] ?? '') && lines[i + 1]!.includes('-')) {
      flush()
      const head = cells(line)
      const rows: Inline[][][] = []
      for (i++; lines[i + 1]?.includes('|'); i++) rows.push(cells(lines[i + 1]!))
      blocks.push({ kind: 'table', head, rows })
      continue
    }
    const item = ITEM.exec(line)
    if (item) {
      flush()
      const ordered = /\d/.test(item[2]!)
      const items = [{ depth: Math.min(item[1]!.length >> 1, 6), line: parseInline(item[3]!) }]
      for (let next; (next = ITEM.exec(lines[i + 1] ?? '')); i++)
        items.push({ depth: Math.min(next[1]!.length >> 1, 6), line: parseInline(next[3]!) })
      blocks.push({ kind: 'list', ordered, start: ordered ? parseInt(item[2]!, 10) : 1, items })
      continue
    }
    if (!line.trim()) flush()
    else paragraph.push(parseInline(line))
  }
  flush()
  return blocks
}
