/** A structured value, opened as far as one wants to see it. Only what is open exists on the page. */
import { ChevronDown, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { balanced } from '@/kit/Isolated'
import { count, counted } from '@/kit/format'
import { Marked } from './Marked'

const FIRST = 50
const LONG = 600

export function JsonTree({ value, open = true }: { value: unknown; open?: boolean }) {
  return (
    <div className="c-json mono">
      <Node value={value} depth={0} open={open} />
    </div>
  )
}

function Node(p: { name?: string; value: unknown; depth: number; open?: boolean }) {
  const nested = p.value !== null && typeof p.value === 'object'
  const entries = nested ? Object.entries(p.value as object) : []
  const [open, setOpen] = useState(p.open ?? (p.depth < 2 && entries.length <= 12))
  const [shown, setShown] = useState(FIRST)
  const label = p.name !== undefined && (
    <span className="c-key">
      <bdi>{balanced(p.name)}</bdi>:{' '}
    </span>
  )
  if (!nested || !entries.length)
    return (
      <div className="c-leaf">
        {label}
        <Leaf value={p.value} />
      </div>
    )
  const list = Array.isArray(p.value)
  return (
    <div>
      <button type="button" className="plain c-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? <ChevronDown size={12} aria-hidden /> : <ChevronRight size={12} aria-hidden />}
        {label}
        <span className="quiet">
          {list ? '[' : '{'}
          {counted(entries.length, list ? 'item' : 'key')}
          {list ? ']' : '}'}
        </span>
      </button>
      {open && (
        <div className="c-inner">
          {entries.slice(0, shown).map(([key, inner]) => (
            <Node key={key} name={key} value={inner} depth={p.depth + 1} />
          ))}
          {entries.length > shown && (
            <button type="button" className="plain c-more" onClick={() => setShown(shown + 500)}>
              Show more of {count(entries.length)}
            </button>
          )}
        </div>
      )}
    </div>
  )
}

function Leaf({ value }: { value: unknown }) {
  const [open, setOpen] = useState(false)
  if (typeof value !== 'string')
    return <span className={`c-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>
  const cut = !open && value.length > LONG
  return (
    <>
      <bdi className="c-string">
        <Marked text={balanced(cut ? value.slice(0, LONG) : value)} />
      </bdi>
      {cut && (
        <button type="button" className="plain c-more" onClick={() => setOpen(true)}>
          … show all {count(value.length)} characters
        </button>
      )}
    </>
  )
}
