import { Fragment } from 'react'

/** An attribute's key. Where it does not fit it breaks behind a dot, not in the middle of a word. */
export function Key({ name }: { name: string }) {
  if (name.length > 200) return name
  const parts = name.match(/[^._/]+[._/]*|[._/]+/g) ?? []
  return parts.map((part, i) => (
    <Fragment key={i}>
      {i > 0 && <wbr />}
      {part}
    </Fragment>
  ))
}
