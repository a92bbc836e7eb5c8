import type { ReactNode } from 'react'
import { Sparkline } from '@/kit/Sparkline'
import { percent } from '@/routes/services/measures'

/** How much of something is in use: a bar, its number, and the shape of the last hour. */
export function Bar(props: {
  name: string
  share: number | null
  /** From where it is too much. */
  limit: number
  note?: string
  points?: number[]
  pin?: ReactNode
}) {
  const { share } = props
  const full = share !== null && share >= props.limit
  return (
    <div className="health-bar">
      <span className="health-name">{props.name}</span>
      {share === null ? (
        <span className="health-track none" title="Not measured in the last five minutes" />
      ) : (
        <span
          className={full ? 'health-track full' : 'health-track'}
          role="meter"
          aria-label={`${props.name} in use`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
        >
          <i style={{ width: `${Math.min(100, share * 100)}%` }} />
        </span>
      )}
      <span className={full ? 'health-percent full' : 'health-percent'}>
        {share === null ? '–' : percent(share)}
      </span>
      {props.points ? (
        <Sparkline label={`${props.name} over the last hour`} values={props.points} width={60} least={1} />
      ) : (
        <span className="unit cut">{props.note}</span>
      )}
      {props.pin && <span className="health-pin">{props.pin}</span>}
    </div>
  )
}
