/** A value of an item as a person types it: a text, or JSON. */

export interface Typed {
  text: string
  as: 'text' | 'json'
}

export const typed = (value: unknown): Typed =>
  typeof value === 'string' || value === null || value === undefined
    ? { text: value ?? '', as: 'text' }
    : { text: JSON.stringify(value, null, 2), as: 'json' }

/** The value that is typed, or why it is none. Nothing typed is no value. */
export function read({ text, as }: Typed): { value: unknown } | { problem: string } {
  if (as === 'text') return { value: text === '' ? null : text }
  if (!text.trim()) return { value: null }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { problem: `This is no JSON: ${(error as Error).message}` }
  }
}

export const same = (a: Typed, b: Typed): boolean => a.text === b.text && a.as === b.as

/** One line of a value, for a table. */
export function oneLine(value: unknown): string {
  if (value === null || value === undefined) return ''
  const said = lastSaid(value)
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  return text.slice(0, 400).replace(/\s+/g, ' ')
}

/** Of messages the text of the last one: that is what tells items apart. */
function lastSaid(value: unknown): unknown {
  const last: unknown = Array.isArray(value) ? value[value.length - 1] : undefined
  const parts = (last as { parts?: { type?: string; content?: string }[] } | undefined)?.parts
  const text = Array.isArray(parts) ? parts.find((part) => part?.type === 'text')?.content : undefined
  return text ?? value
}
