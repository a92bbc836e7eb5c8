/** What was changed shortly before something went wrong: often the answer. */
import { roughly } from './format'
import { Isolated } from './Isolated'
import { changeText, useChanges } from './useChanges'

const MINUTE = 60_000
const BEFORE = 15 * MINUTE
const MOST = 3

/** `from` and `to`: the step in which it began. */
export function ChangedThen({ from, to }: { from: number; to: number }) {
  const found = useChanges(from - BEFORE, to)
    .slice(-MOST)
    .toReversed()
  if (!found.length)
    return <span className="quiet">No change is known of the quarter of an hour before.</span>
  return (
    <>
      Changed before:{' '}
      {found.map((one, n) => (
        <span key={`${one.time} ${one.subject}`}>
          {n > 0 && '; '}
          <b>
            <Isolated text={changeText(one)} />
          </b>{' '}
          <span className="quiet">{when(one.at, from, to)}</span>
        </span>
      ))}
      .
    </>
  )
}

/** Within the step nobody knows which was first. */
const when = (at: number, from: number, to: number): string =>
  at >= from && at < to ? 'just then' : `${roughly((from - at) / 1_000)} before`
