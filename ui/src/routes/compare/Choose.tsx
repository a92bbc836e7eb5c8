/** Which trace to hold a trace against: one of its peers, or any by its id. */
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { peersQuery } from '@/api/compareQueries'
import type { TracePeers } from '@/api/types'
import { count, durationText } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'

const KINDS: [kind: 'previous' | 'median' | 'fastest' | 'slowest', label: string][] = [
  ['previous', 'The one before'],
  ['median', 'Median duration'],
  ['fastest', 'Fastest'],
  ['slowest', 'Slowest'],
]
const ID = /^[0-9a-f]{32}$/

/** Peers of `traceId`, and a box for any other id. */
export function Choose(p: { project: string; traceId: string; onChoose: (traceId: string) => void }) {
  return (
    <div className="c-choose">
      {p.traceId && <Peers {...p} />}
      <ById onChoose={p.onChoose} label={p.traceId ? 'Any other trace' : 'Trace id'} />
    </div>
  )
}

function Peers({ project, traceId, onChoose }: Parameters<typeof Choose>[0]) {
  const peers = useQuery(peersQuery(project, traceId))
  if (peers.isPending) return <SkeletonRows rows={4} label="Looking for traces of the same kind" />
  if (peers.isError) return <Failure error={peers.error} retry={() => void peers.refetch()} />
  const found = peers.data
  if (!found.count)
    return (
      <p className="quiet">
        No other trace begins with <Isolated text={`${found.root_name} (${found.service})`} /> within a day.
      </p>
    )
  return (
    <>
      <p className="quiet">
        {count(found.count)} {found.count === 1 ? 'trace begins' : 'traces begin'} with{' '}
        <Isolated text={`${found.root_name} (${found.service})`} /> within a day.
      </p>
      {KINDS.map(([kind, label]) => (
        <PeerButton key={kind} label={label} peer={found[kind]} onChoose={onChoose} />
      ))}
    </>
  )
}

function PeerButton(p: { label: string; peer: TracePeers['median']; onChoose: (traceId: string) => void }) {
  const { peer } = p
  if (!peer) return null
  return (
    <button type="button" className="plain c-peer" onClick={() => p.onChoose(peer.trace_id)}>
      <span className="grow">{p.label}</span>
      {peer.status === 'error' && <span className="t-bad">failed</span>}
      <span className="num">{durationText(peer.duration_ms)}</span>
      <span className="quiet num">
        <RelativeTime iso={peer.start_time} />
      </span>
    </button>
  )
}

function ById({ label, onChoose }: { label: string; onChoose: (traceId: string) => void }) {
  const [typed, setTyped] = useState('')
  const id = typed.trim().toLowerCase().replace(/-/g, '')
  const wrong = typed !== '' && !ID.test(id)
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        if (ID.test(id)) onChoose(id)
      }}
    >
      <TextInput
        className="grow"
        label={label}
        placeholder="32 hex digits"
        value={typed}
        error={wrong && typed.length > 8 ? 'A trace id has 32 hex digits' : undefined}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Button type="submit" disabled={!ID.test(id)} style={{ alignSelf: 'flex-end' }}>
        Compare
      </Button>
    </form>
  )
}
