/** Keyboard shortcuts: single keys and two-key sequences, silent while a person types. */
import { useEffect, useRef } from 'react'

export interface Shortcut {
  /** As `KeyboardEvent.key`, or two of them with a space: `g t`. */
  keys: string
  label: string
  run: (event: KeyboardEvent) => void
}

type Layer = { group: string; list: () => Shortcut[] }

const layers: Layer[] = []
let pending = ''
let pendingTimer = 0
let listening = false

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  if (!element?.closest) return false
  return !!element.closest(
    'input:not([type="checkbox"]), textarea, select, [contenteditable="true"], [role="menu"], [role="listbox"]',
  )
}

function onKey(event: KeyboardEvent) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (typing(event.target)) return
  if (document.querySelector('[role="dialog"][aria-modal="true"]')) return
  const chord = pending ? `${pending} ${event.key}` : event.key
  pending = ''
  clearTimeout(pendingTimer)
  for (let i = layers.length - 1; i >= 0; i--) {
    const hit = layers[i]!.list().find((s) => s.keys === chord)
    if (hit) {
      // Buttons, links and boxes to tick keep their own Enter and Space.
      const own = 'a, button, summary, input'
      if ((chord === 'Enter' || chord === ' ') && (event.target as HTMLElement).closest(own)) return
      event.preventDefault()
      hit.run(event)
      return
    }
  }
  if (layers.some((layer) => layer.list().some((s) => s.keys.startsWith(`${event.key} `)))) {
    pending = event.key
    pendingTimer = window.setTimeout(() => (pending = ''), 1200)
  }
}

/** The newest layer wins, so that a drawer can take Escape before its page does. */
export function useShortcuts(group: string, shortcuts: Shortcut[], enabled = true): void {
  const current = useRef(shortcuts)
  useEffect(() => {
    current.current = shortcuts
  })
  useEffect(() => {
    if (!enabled) return
    if (!listening) {
      window.addEventListener('keydown', onKey)
      listening = true
    }
    const layer: Layer = { group, list: () => current.current }
    layers.push(layer)
    return () => {
      layers.splice(layers.indexOf(layer), 1)
    }
  }, [group, enabled])
}

/** What the help window lists. */
export function activeShortcuts(): { group: string; shortcuts: Shortcut[] }[] {
  const groups = new Map<string, Shortcut[]>()
  for (const layer of layers) groups.set(layer.group, [...(groups.get(layer.group) ?? []), ...layer.list()])
  return [...groups].map(([group, shortcuts]) => ({ group, shortcuts }))
}
