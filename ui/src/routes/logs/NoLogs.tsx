import { Button } from '@mantine/core'
import type { Scope } from '@/api/queries'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { Empty } from '@/kit/states'
import { describe, type Range } from '@/kit/time'
import { useUtc } from '@/kit/prefs'

/** Nothing to show: because of the filter, because of the time, or because nothing was ever sent. */
export function NoLogs(props: {
  scope: Scope
  live: boolean
  onQ: (q: string) => void
  onRange: (range: Range) => void
}) {
  const { scope } = props
  const [utc] = useUtc()
  const when = describe(scope, utc).toLowerCase()
  const everything = scope.from === 'all'
  const actions = (
    <>
      {scope.q && <Button onClick={() => props.onQ('')}>Clear the filter</Button>}
      {!everything && (
        <>
          <Button onClick={() => props.onRange({ from: 'now-24h', to: 'now' })}>Last 24 hours</Button>
          <Button onClick={() => props.onRange({ from: 'all', to: 'now' })}>Everything</Button>
        </>
      )}
    </>
  )
  if (props.live) {
    return (
      <Empty title="Waiting for the first record" actions={scope.q ? actions : undefined}>
        <p>
          Live tail is on for project {scope.project}
          {scope.q ? ' with this filter' : ''}. Records show here as they arrive.
        </p>
      </Empty>
    )
  }
  if (scope.q) {
    return (
      <Empty title={`No log record matches (${when})`} actions={actions}>
        <p className="mono">{scope.q}</p>
        <p>Words match whole words of the message in any case; end a value with * for a prefix.</p>
      </Empty>
    )
  }
  return (
    <Empty title={`No logs in project ${scope.project} (${when})`} actions={actions}>
      <p>Any OpenTelemetry log exporter, logging bridge or Collector fills this page.</p>
      <SetUp project={scope.project} kinds={COMMON_SENDERS} />
    </Empty>
  )
}
