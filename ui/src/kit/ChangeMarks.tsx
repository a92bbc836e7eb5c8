/** Deploys and other changes as thin vertical lines over a time chart; hover or focus says what was changed. */
import { Tooltip } from '@mantine/core'
import { Isolated } from './Isolated'
import { stamp } from './time'
import { changeText, grouped, type Change } from './useChanges'

const MOST_LINES = 8

export function ChangeMarks(props: {
  changes: Change[]
  /** Unix milliseconds at the left and right edge of the plot. */
  range: [from: number, to: number]
  /** The plot in pixels, within the element around it. */
  box: [left: number, top: number, width: number, height: number]
  utc: boolean
}) {
  const { range, utc } = props
  const [left, top, width, height] = props.box
  const span = range[1] - range[0]
  if (!(span > 0)) return null
  return grouped(props.changes, (span / width) * 7).map((group) => {
    const first = group[0]!
    const said = group.map((change) => `${changeText(change)}, ${stamp(change.at, utc)}`)
    const label = group.length > 1 ? `${group.length} changes: ${said.join('; ')}` : said[0]!
    return (
      <Tooltip
        key={`${first.at} ${first.kind} ${first.subject}`}
        events={{ hover: true, focus: true, touch: true }}
        label={<Told group={group} utc={utc} />}
      >
        <span
          className="k-change"
          role="img"
          tabIndex={0}
          aria-label={label}
          style={{ left: left + ((first.at - range[0]) / span) * width, top, height }}
        >
          <i />
        </span>
      </Tooltip>
    )
  })
}

function Told({ group, utc }: { group: Change[]; utc: boolean }) {
  return (
    <>
      {group.slice(0, MOST_LINES).map((change, i) => (
        <div key={i}>
          {stamp(change.at, utc)} <Isolated text={changeText(change)} />{' '}
          {change.source && change.source !== 'derived' && (
            <>
              (<Isolated text={change.source} />)
            </>
          )}
        </div>
      ))}
      {group.length > MOST_LINES && <div>and {group.length - MOST_LINES} more</div>}
    </>
  )
}
