/** Long text without a frozen page: shown cut, in pieces that are laid out only when seen. */
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { CopyButton } from '@/kit/Copy'
import { characters, count } from '@/kit/format'
import { CutOnArrival, useWhole } from '@/kit/WholeText'

const FIRST = 4_000
const PIECE = 8_192

interface Source {
  project: string
  traceId: string
  spanId: string
  /** `attributes.KEY`, `input` or `output`. */
  field: string
}

function pieces(text: string): string[] {
  const out: string[] = []
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + PIECE, text.length)
    // Break at a line's end when one is near, so that pieces join without a visible seam.
    const line = text.lastIndexOf('\n', end)
    if (end < text.length && line > at + PIECE / 2) end = line + 1
    // Never between the two halves of one character.
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--
    out.push(text.slice(at, end))
    at = end
  }
  return out
}

function pretty(text: string): string | null {
  if (text.length > 512_000 || !/^\s*[[{]/.test(text)) return null
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return null
  }
}

export function LongText(p: {
  text: string
  cutFrom?: number | null
  /** In bytes, where the server did not keep all that was sent. */
  cutOnArrival?: number | undefined
  source: Source
}) {
  const { source } = p
  const [open, setOpen] = useState(false)
  const [raw, setRaw] = useState(false)
  const whole = useWhole(
    p.text,
    {
      length: p.cutFrom ?? null,
      path: `/traces/${source.traceId}/spans/${source.spanId}/value`,
      query: { project: source.project, field: source.field },
    },
    { download: p.text.length > FIRST, onLoad: () => setOpen(true) },
  )
  const { text, cut } = whole
  const formatted = useMemo(() => (cut ? null : pretty(text)), [text, cut])
  const body = raw || formatted === null ? text : formatted
  const shown = open || body.length <= FIRST * 1.5 ? body : body.slice(0, FIRST)
  const parts = useMemo(() => pieces(shown), [shown])
  return (
    <div className="t-text">
      {parts.map((part, i) => (
        <pre key={i}>{part}</pre>
      ))}
      {whole.problem}
      <div className="t-actions">
        <CutOnArrival limit={p.cutOnArrival} />
        {shown.length < body.length && (
          <Button onClick={() => setOpen(true)}>Show all {count(characters(body))} characters</Button>
        )}
        {whole.controls}
        {formatted !== null && (
          <Button variant="subtle" color="gray" onClick={() => setRaw(!raw)}>
            {raw ? 'Indented' : 'As sent'}
          </Button>
        )}
        <CopyButton text={text} label={cut ? 'Copy what is shown' : 'Copy'} />
      </div>
    </div>
  )
}
