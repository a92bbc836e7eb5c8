/** The parts of a message: text, thoughts, calls, results, files by reference. */
import { Brain, FileQuestion, Image, Music, Video, Wrench } from 'lucide-react'
import { useMemo, useState, type ReactNode } from 'react'
import type { MessagePart } from '@/api/types'
import { CopyButton } from '@/kit/Copy'
import { Isolated } from '@/kit/Isolated'
import { bytes, count } from '@/kit/format'
import { JsonTree } from './JsonTree'
import { Said } from './Said'

export function PartView({ part }: { part: MessagePart }) {
  switch (part.type) {
    case 'text':
      return <Said text={part.content ?? ''} whole={part.truncated_from} />
    case 'reasoning':
      return (
        <Fold
          icon={<Brain size={13} aria-hidden />}
          label={`Reasoning, ${count((part.content ?? '').length)} characters`}
        >
          {part.content ? (
            <Said text={part.content} whole={part.truncated_from} />
          ) : (
            <p className="quiet">The provider keeps it to itself.</p>
          )}
        </Fold>
      )
    case 'tool_call':
      return (
        <div className="c-tool">
          <ToolName name={part.name ?? ''} id={part.id} />
          <ValueView value={part.arguments} whole={part.truncated_from} />
        </div>
      )
    case 'tool_call_response':
      return (
        <div className={part.is_error ? 'c-tool bad' : 'c-tool'}>
          {part.is_error && <b className="t-bad">failed</b>}
          <ValueView value={part.response} whole={part.truncated_from} />
        </div>
      )
    case 'generic':
      return <ValueView value={part.value} whole={part.truncated_from} />
    default:
      return <Reference part={part} />
  }
}

export function ToolName({ name, id }: { name: string; id?: string | undefined }) {
  return (
    <div className="c-toolname">
      <Wrench size={13} aria-hidden />
      <b>
        <Isolated text={name || 'a tool'} />
      </b>
      {id && (
        <small className="quiet mono" title={id}>
          <Isolated text={id.slice(0, 24)} />
        </small>
      )}
    </div>
  )
}

/** JSON that was sent as text; `undefined` where it is none. */
function parsed(text: string): unknown {
  if (text.length > 500_000 || !/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A value as a tree, also where it came as text; prose as prose. */
export function ValueView({ value, whole }: { value: unknown; whole?: number | undefined | null }) {
  const tree = useMemo(() => (typeof value === 'string' ? parsed(value) : value), [value])
  if (typeof value === 'string' && tree !== undefined && !whole) return <JsonTree value={tree} />
  if (typeof value === 'string') return <Said text={value} whole={whole ?? undefined} />
  if (value === undefined || value === null) return <span className="quiet">nothing</span>
  return <JsonTree value={value} />
}

const ICONS: Record<string, ReactNode> = {
  image: <Image size={13} aria-hidden />,
  audio: <Music size={13} aria-hidden />,
  video: <Video size={13} aria-hidden />,
}

/** Named, never loaded: whoever wants to see it copies the address. */
function Reference({ part }: { part: MessagePart }) {
  const where = part.uri ?? part.file_id ?? ''
  return (
    <div className="c-chip">
      {ICONS[part.modality ?? ''] ?? <FileQuestion size={13} aria-hidden />}
      <span>{part.modality ?? 'file'}</span>
      {part.name && <Isolated text={part.name} />}
      {part.mime_type && (
        <small className="quiet">
          <Isolated text={part.mime_type} />
        </small>
      )}
      {part.size !== undefined && (
        <small className="quiet">{bytes(Math.round(part.size * 0.75))} inline</small>
      )}
      {part.omitted_bytes !== undefined && (
        <small className="quiet">{bytes(part.omitted_bytes)}, too large to be sent along</small>
      )}
      {where && (
        <>
          <span className="mono c-url" title={where}>
            <Isolated text={where} />
          </span>
          <CopyButton text={where} label="Copy address" />
        </>
      )}
    </div>
  )
}

export function Fold(p: { label: ReactNode; icon?: ReactNode; children: ReactNode; open?: boolean }) {
  const [open, setOpen] = useState(p.open ?? false)
  return (
    <div className="c-folded">
      <button type="button" className="plain c-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {p.icon} <span>{p.label}</span> <span className="quiet">{open ? 'hide' : 'show'}</span>
      </button>
      {open && <div className="c-inner">{p.children}</div>}
    </div>
  )
}
