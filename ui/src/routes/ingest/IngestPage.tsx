import { useQuery } from '@tanstack/react-query'
import { Radio } from 'lucide-react'
import { useRef } from 'react'
import { ingestQuery } from '@/api/ingestQueries'
import type { IngestAnswer } from '@/api/types'
import { useNow } from '@/kit/hooks'
import { ExportMenu } from '@/kit/ExportMenu'
import { NothingFound } from '@/kit/NothingFound'
import { Page } from '@/kit/Page'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { Failure, SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'
import { IngestChart } from './IngestChart'
import { Reasons } from './Reasons'
import { RedactedPlaces } from './RedactedPlaces'
import { Senders } from './Senders'
import { summarise } from './summary'
import './ingest.css'

const LIVE_MS = 2_000
const WAITING_MS = 3_000
const LOOKS_AFTER = 5

/** What arrived, from whom, and what was refused and why. */
export function IngestPage() {
  const { scope, live } = useView()
  const lastEmpty = useRef(-LOOKS_AFTER)
  const query = useQuery({
    ...ingestQuery(scope.project, scope.from, scope.to),
    // An empty page waits for the first record whether or not live is on. Counters come a few at a time: that one
    // is there does not mean that what goes with it is.
    refetchInterval: ({ state }) => {
      if (live || !state.data) return live && LIVE_MS
      if (isEmpty(state.data)) lastEmpty.current = state.dataUpdateCount
      return state.dataUpdateCount < lastEmpty.current + LOOKS_AFTER && WAITING_MS
    },
  })
  const { data } = query
  return (
    <Page title="Ingest">
      {query.isPending ? (
        <SkeletonRows rows={16} label="Loading ingest" />
      ) : query.isError && !data ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : !data || isEmpty(data) ? (
        <Waiting />
      ) : (
        <Arrivals data={data} />
      )}
    </Page>
  )
}

const isEmpty = (data: IngestAnswer): boolean => data.senders.length === 0 && data.reasons.length === 0

function Waiting() {
  const { scope } = useView()
  return (
    <NothingFound what="records" title="Nothing arrived" filtered={false}>
      {scope.to === 'now' && (
        <p className="ingest-waiting" role="status">
          <Radio size={14} aria-hidden /> Waiting for the first record; this page changes by itself.
        </p>
      )}
      <SetUp project={scope.project} kinds={COMMON_SENDERS} />
    </NothingFound>
  )
}

function Arrivals({ data }: { data: IngestAnswer }) {
  const { scope, setRange } = useView()
  const now = useNow()
  const said = summarise(data, now)
  return (
    <div className="k-scroll ingest-page" tabIndex={0} role="region" aria-label="Ingest">
      <div className="row">
        <p className="ingest-said grow">
          <strong>{said.arrived}</strong> {said.lost}
        </p>
        <ExportMenu what="ingest" scope={{ ...scope, q: '' }} />
      </div>
      <IngestChart data={data} onRange={setRange} />
      <Reasons reasons={data.reasons} />
      <RedactedPlaces redacted={data.redacted} />
      <Senders senders={data.senders} />
    </div>
  )
}
