/** What somebody said: formatted, folded where it is long, and never so much at once that the page stands still. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { CopyButton } from '@/kit/Copy'
import { balanced } from '@/kit/Isolated'
import { characters, count } from '@/kit/format'
import { Marked } from './Marked'
import { Markdown } from './Markdown'

/** Up to this many characters one marks with the mouse as fast. */
const SHORT = 200
const FOLDED = 2_400
const FOLDED_LINES = 36
/** Beyond this it is shown as it was sent, in pieces that are laid out only when seen. */
const FORMATTED = 60_000
const PIECE = 8_192

export function Said({ text, whole }: { text: string; whole?: number | undefined }) {
  const [open, setOpen] = useState(false)
  const [raw, setRaw] = useState(false)
  const head = useMemo(() => folded(text), [text])
  const shown = open ? text : head
  const plain = raw || shown.length > FORMATTED
  const parts = useMemo(() => (plain ? split(shown) : []), [plain, shown])
  return (
    <div className="c-said">
      {plain ? (
        parts.map((part, i) => (
          <pre key={i} className="c-raw">
            <Marked text={balanced(part)} />
          </pre>
        ))
      ) : (
        <Markdown text={shown} />
      )}
      <div className="c-actions">
        {shown.length < text.length && (
          <Button size="compact-xs" variant="default" onClick={() => setOpen(true)}>
            Show all {count(characters(text))} characters
          </Button>
        )}
        {open && head.length < text.length && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setOpen(false)}>
            Fold
          </Button>
        )}
        {whole !== undefined && (
          <span className="quiet">
            Cut at {count(characters(text))} of {count(whole)} characters; whole under Attributes.
          </span>
        )}
        {text.length <= FORMATTED && /[*_`#|[>~-]/.test(text) && (
          <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setRaw(!raw)}>
            {raw ? 'Formatted' : 'As sent'}
          </Button>
        )}
        {text.length > SHORT && <CopyButton text={text} label="Copy" />}
      </div>
    </div>
  )
}

function folded(text: string): string {
  let end = Math.min(text.length, FOLDED)
  let at = -1
  for (let line = 0; line < FOLDED_LINES; line++) {
    at = text.indexOf('\n', at + 1)
    if (at < 0) break
  }
  if (at >= 0) end = Math.min(end, at)
  // A little more than what fits is not worth a button.
  return text.length <= end * 1.25 ? text : text.slice(0, end)
}

function split(text: string): string[] {
  const out: string[] = []
  for (let at = 0; at < text.length; at += PIECE) out.push(text.slice(at, at + PIECE))
  return out
}
