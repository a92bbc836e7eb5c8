import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Empty } from './states'
import { useView } from './view'

/** A list without rows: what to let go of where it is filtered, else what would fill it. */
export function NothingFound(props: {
  what: string
  /** What the filter is about, where it is something else. */
  filtering?: string
  filtered: boolean
  children: ReactNode
}) {
  const { range, scope, setQ, setRange } = useView()
  const everything = range.from !== 'all' && (
    <Button onClick={() => setRange({ from: 'all', to: 'now' })}>Look at all times</Button>
  )
  if (props.filtered) {
    return (
      <Empty
        title={`No ${props.filtering ?? props.what} match`}
        actions={
          <>
            <Button onClick={() => setQ('')}>Clear the filter</Button>
            {everything}
          </>
        }
      >
        <p className="mono">{scope.q}</p>
      </Empty>
    )
  }
  return (
    <Empty title={`No ${props.what} in project ${scope.project} in this time`} actions={everything}>
      {props.children}
    </Empty>
  )
}
