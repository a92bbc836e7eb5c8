import { Button } from '@mantine/core'
import { CircleOff, Pause, Play, Radio, TriangleAlert } from 'lucide-react'
import { count } from '@/kit/format'
import type { LogTail } from './useLogTail'

const STATE = { off: 'off', connecting: 'Connecting', open: 'Live', broken: 'Live tail ended' }

/** Whether the tail runs, what waits, and what was lost: lost rows are never hidden. */
export function TailBar(props: {
  tail: LogTail
  paused: boolean
  why: 'no' | 'hand' | 'scroll'
  onPause: () => void
  onResume: () => void
}) {
  const { tail, paused } = props
  const waiting = tail.held.length
  return (
    <>
      <span className={`k-badge ${paused ? 'warn' : tail.state === 'open' ? 'ok' : 'warn'}`} role="status">
        {tail.state === 'broken' ? (
          <CircleOff size={13} aria-hidden />
        ) : paused ? (
          <Pause size={13} aria-hidden />
        ) : (
          <Radio size={13} aria-hidden />
        )}
        {paused ? (props.why === 'scroll' ? 'Paused while you scroll' : 'Paused') : STATE[tail.state]}
      </span>
      {paused ? (
        <Button leftSection={<Play size={12} aria-hidden />} onClick={props.onResume}>
          {waiting ? `${count(waiting)} new` : 'Go on'}
        </Button>
      ) : (
        <Button leftSection={<Pause size={12} aria-hidden />} onClick={props.onPause}>
          Pause
        </Button>
      )}
      <span className="quiet logs-hint">Space</span>
      {tail.dropped > 0 && (
        <span
          className="k-badge warn"
          title="The tail was faster than this page. Nothing is lost in the store: turn live off to see them."
        >
          <TriangleAlert size={13} aria-hidden />
          {count(tail.dropped)} not shown
        </span>
      )}
    </>
  )
}
