import { Button } from '@mantine/core'
import './chart.css'

/** Where a chart would be: the room that it will take, then a line where there is nothing to draw. */
export function NoChart(p: { what: string; height: number; waiting: boolean }) {
  return (
    <div className="k-flat" style={{ height: p.waiting ? p.height : 26 }}>
      {!p.waiting && <span>No {p.what} in this time</span>}
    </div>
  )
}

/** The rows below say what went wrong at length. */
export function ChartFailed({ what, retry }: { what: string; retry: () => void }) {
  return (
    <div className="k-flat" role="alert">
      The {what} could not be counted.
      <Button onClick={retry}>Try again</Button>
    </div>
  )
}
