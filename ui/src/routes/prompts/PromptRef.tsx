import { Link } from '@tanstack/react-router'
import { Isolated } from '@/kit/Isolated'
import { travelling, useView } from '@/kit/view'

/** A prompt and its version by name, leading to them. */
export function PromptRef({ name, version }: { name: string; version: string }) {
  const { search } = useView()
  return (
    <Link
      to="/prompts"
      className="cut"
      title={`${name} ${version}`.slice(0, 1000)}
      search={{ ...travelling(search), name, version: version || undefined } as never}
    >
      <Isolated text={name} />
      {version && (
        <>
          , version <Isolated text={version} />
        </>
      )}
    </Link>
  )
}
