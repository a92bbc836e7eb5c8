/** Limits as lines across a time chart, and the times of alerts as shaded bands. */
import { Tooltip } from '@mantine/core'
import { Isolated } from './Isolated'
import { stamp } from './time'

export interface Limit {
  value: number
  /** Said at the line: `limit 500 ms`. */
  label: string
  /** Of a second kind, such as the value at which an alert ends. */
  quiet?: boolean
}

export interface Band {
  /** Unix milliseconds; without an end it goes on. */
  from: number
  to: number | null
  label: string
  /** `about`: not trouble, but the time that the chart is about. */
  tone: 'bad' | 'warn' | 'about'
}

interface Props {
  limits: Limit[]
  bands: Band[]
  /** Unix milliseconds at the left and right edge, and the values at the lower and upper. */
  x: [from: number, to: number]
  y: [least: number, most: number]
  /** The plot in pixels, within the element around it. */
  box: [left: number, top: number, width: number, height: number]
  utc: boolean
}

export function LimitMarks({ limits, bands, x, y, box, utc }: Props) {
  const [left, top, width, height] = box
  const across = (ms: number) => ((Math.min(Math.max(ms, x[0]), x[1]) - x[0]) / (x[1] - x[0])) * width
  if (!(x[1] > x[0]) || !(y[1] > y[0])) return null
  return (
    <>
      {bands
        .filter((band) => band.from < x[1] && (band.to ?? Infinity) > x[0])
        .map((band) => {
          const [start, end] = [across(band.from), across(band.to ?? Infinity)]
          return (
            <Tooltip
              key={`${band.from} ${band.label}`}
              events={{ hover: true, focus: true, touch: true }}
              label={<Isolated text={bandText(band, utc)} />}
            >
              <span
                className={`k-alert ${band.tone}`}
                role="img"
                tabIndex={0}
                aria-label={bandText(band, utc)}
                style={{ left: left + start, width: Math.max(2, end - start), top, height }}
              >
                <i />
              </span>
            </Tooltip>
          )
        })}
      {limits
        .filter((limit) => limit.value >= y[0] && limit.value <= y[1])
        .map((limit) => {
          const downOf = (value: number) => (1 - (value - y[0]) / (y[1] - y[0])) * height
          const down = downOf(limit.value)
          // Between two limits that are near each other there is no room for the words of either.
          const crowded = limits.some((other) => other.value > limit.value && down - downOf(other.value) < 30)
          return (
            <span
              key={limit.label}
              className={limit.quiet ? 'k-limit quiet' : 'k-limit'}
              role="img"
              aria-label={limit.label}
              style={{ left, width, top: top + down }}
            >
              {/* Near the top, or under another limit, the words go below the line; without room there, to the left. */}
              <b
                className={down < 16 || (crowded && down < height - 16) ? 'below' : crowded ? 'aside' : ''}
                aria-hidden
              >
                {limit.label}
              </b>
            </span>
          )
        })}
    </>
  )
}

export const bandText = (band: Band, utc: boolean): string =>
  `${band.label}, ${stamp(band.from, utc)} to ${band.to === null ? 'now' : stamp(band.to, utc)}`
