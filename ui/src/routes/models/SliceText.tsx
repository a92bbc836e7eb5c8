/** A slice in words, its names and values each kept to themselves: a name written backwards turns no value around. */
import { Fragment } from 'react'
import { Isolated } from '@/kit/Isolated'

const SIGNS = / (?:=|<=|<|>=|is missing)(?: |$)/g

export function SliceText({ text }: { text: string }) {
  return (
    <>
      {text.split(' AND ').map((part, n) => {
        const signs = part.match(SIGNS) ?? []
        return (
          <Fragment key={n}>
            {n > 0 && ' AND '}
            {part.split(SIGNS).map((piece, k) => (
              <Fragment key={k}>
                <Isolated text={piece} />
                {signs[k]}
              </Fragment>
            ))}
          </Fragment>
        )
      })}
    </>
  )
}
