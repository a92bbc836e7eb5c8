/** Long text without a frozen page: shown cut, in pieces that are laid out only when seen. */
import { Button } from '@mantine/core'
import { Download } from 'lucide-react'
import { useMemo, useState } from 'react'
import { apiUrl, request } from '@/api/client'
import { CopyButton } from '@/kit/Copy'
import { characters, count } from '@/kit/format'
import { Failure } from '@/kit/states'

const FIRST = 4_000
const PIECE = 8_192
/** More than this is for a file, not for a page. */
const MOST = 8 * 1024 * 1024

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

export function LongText({
  text,
  cutFrom,
  source,
}: {
  text: string
  cutFrom?: number | null
  source: Source
}) {
  const [whole, setWhole] = useState<string | null>(null)
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const [raw, setRaw] = useState(false)
  const have = whole ?? text
  const formatted = useMemo(() => (cutFrom && whole === null ? null : pretty(have)), [have, cutFrom, whole])
  const body = raw || formatted === null ? have : formatted
  const shown = open || body.length <= FIRST * 1.5 ? body : body.slice(0, FIRST)
  const parts = useMemo(() => pieces(shown), [shown])
  const path = `/traces/${source.traceId}/spans/${source.spanId}/value` as const
  const query = { project: source.project, field: source.field }

  async function load() {
    setBusy(true)
    setProblem(null)
    try {
      const response = await request('GET', path, { query })
      setWhole(await response.text())
      setOpen(true)
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }

  const cut = cutFrom != null && whole === null
  return (
    <div className="t-text">
      {parts.map((part, i) => (
        <pre key={i}>{part}</pre>
      ))}
      {problem !== null && <Failure error={problem} retry={() => void load()} />}
      <div className="t-actions">
        {shown.length < body.length && (
          <Button onClick={() => setOpen(true)}>Show all {count(characters(body))} characters</Button>
        )}
        {cut && (
          <>
            <span className="quiet">
              Cut at {count(characters(text))} of {count(cutFrom)} characters.
            </span>
            {cutFrom <= MOST && (
              <Button loading={busy} onClick={() => void load()}>
                Load whole
              </Button>
            )}
          </>
        )}
        {(cut || body.length > FIRST) && (
          <Button
            component="a"
            href={apiUrl(path, query)}
            download
            leftSection={<Download size={13} aria-hidden />}
          >
            Download
          </Button>
        )}
        {formatted !== null && (
          <Button variant="subtle" color="gray" onClick={() => setRaw(!raw)}>
            {raw ? 'Indented' : 'As sent'}
          </Button>
        )}
        <CopyButton text={have} label={cut ? 'Copy what is shown' : 'Copy'} />
      </div>
    </div>
  )
}
