import { Button } from '@mantine/core'
import { LongerTimes, NothingFound, useWhen } from '@/kit/NothingFound'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { Empty } from '@/kit/states'
import { useView } from '@/kit/view'

/** Nothing to show: because of the filter, because of the time, or because nothing was ever sent. */
export function NoLogs({ live }: { live: boolean }) {
  const { scope, setQ } = useView()
  const when = useWhen()
  const actions = scope.q && (
    <>
      <Button onClick={() => setQ('')}>Clear the filter</Button>
      <LongerTimes />
    </>
  )
  if (live) {
    return (
      <Empty title="Waiting for the first record" actions={actions}>
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
    <NothingFound what="logs" filtered={false}>
      <p>Any OpenTelemetry log exporter, logging bridge or Collector fills this page.</p>
      <SetUp project={scope.project} kinds={COMMON_SENDERS} />
    </NothingFound>
  )
}
