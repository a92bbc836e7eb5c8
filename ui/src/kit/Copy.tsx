import { ActionIcon, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useState, type MouseEvent } from 'react'
import { shortId } from './format'

/** Works without a secure context too: the page is often served over plain HTTP in a private network. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

function useCopied(text: string): [boolean, (event: MouseEvent) => void] {
  const [copied, setCopied] = useState(false)
  return [
    copied,
    (event) => {
      event.stopPropagation()
      void copyText(text).then(() => {
        setCopied(true)
        setTimeout(() => setCopied(false), 1200)
      })
    },
  ]
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, copy] = useCopied(text)
  return (
    <Tooltip label={copied ? 'Copied' : label}>
      <ActionIcon aria-label={label} onClick={copy}>
        {copied ? <Check size={14} /> : <Copy size={14} />}
      </ActionIcon>
    </Tooltip>
  )
}

/** A long id, shortened in the middle; a click copies it whole. */
export function CopyId({ id, label }: { id: string; label?: string }) {
  const [copied, copy] = useCopied(id)
  if (!id) return <span className="quiet">–</span>
  return (
    <button type="button" className="plain k-copyid" onClick={copy} title={`${id}: click to copy`}>
      <span className="sr-only">Copy {label ?? 'id'} </span>
      {copied ? 'copied' : shortId(id)}
    </button>
  )
}
