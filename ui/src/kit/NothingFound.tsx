import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useUtc } from './prefs'
import { Empty } from './states'
import { describe } from './time'
import { useView } from './view'

/** A list without rows: what to let go of where it is filtered, else what would fill it. */
export function NothingFound(props: {
  what: string
  /** What the filter is about, where it is something else. */
  filtering?: string
  /** The heading, where it is not that there is none of them. */
  title?: string
  filtered: boolean
  children: ReactNode
}) {
  const { scope, setQ } = useView()
  const when = `(${useWhen()})`
  if (props.filtered) {
    return (
      <Empty
        title={`No ${props.filtering ?? props.what} match ${when}`}
        actions={
          <>
            <Button onClick={() => setQ('')}>Clear the filter</Button>
            <LongerTimes />
          </>
        }
      >
        <p className="mono">{scope.q}</p>
      </Empty>
    )
  }
  return (
    <Empty
      title={`${props.title ?? `No ${props.what}`} in project ${scope.project} ${when}`}
      actions={<LongerTimes />}
    >
      {props.children}
    </Empty>
  )
}

/** The time that is looked at, within a sentence. */
export function useWhen(): string {
  const { scope } = useView()
  const [utc] = useUtc()
  return scope.from === 'all' ? 'at any time' : describe(scope, utc).toLowerCase()
}

/** Where nothing is found in the time that was chosen: longer ones. */
export function LongerTimes() {
  const { range, setRange } = useView()
  if (range.from === 'all') return null
  return (
    <>
      {range.from !== 'now-24h' && (
        <Button onClick={() => setRange({ from: 'now-24h', to: 'now' })}>Last 24 hours</Button>
      )}
      <Button onClick={() => setRange({ from: 'all', to: 'now' })}>Everything</Button>
    </>
  )
}
