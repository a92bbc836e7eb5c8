import type { ErrorGroup } from '@/api/types'
import { Isolated } from '@/kit/Isolated'

type Named = Pick<ErrorGroup, 'type' | 'message' | 'template' | 'culprit'>

const firstLine = (text: string) => text.trimStart().split('\n', 1)[0]!.slice(0, 300)

/** How people name an error, in the words of the server's `title`; each text a piece of its own, for none to turn another. */
export function ErrorTitle({ of }: { of: Named }) {
  const first = firstLine(of.message)
  if (of.type && first) {
    return (
      <>
        <Isolated text={of.type} />: <Isolated text={first} />
      </>
    )
  }
  if (of.type) {
    return (
      <>
        <Isolated text={of.type} />
        {of.culprit && (
          <>
            {' '}
            in <Isolated text={of.culprit} />
          </>
        )}
      </>
    )
  }
  const said = of.template.slice(0, 300) || first
  return said ? (
    <Isolated text={said} />
  ) : (
    <>
      <Isolated text={of.culprit} /> failed
    </>
  )
}
