/** The first minute: what to paste, what came and was refused, and the first record as soon as it is there. */
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CheckCircle2, Radio } from 'lucide-react'
import { useEffect } from 'react'
import { Page } from '@/kit/Page'
import { SetUp } from '@/kit/SetUp'
import { Isolated } from '@/kit/Isolated'
import { Reasons } from '@/routes/ingest/Reasons'
import { recordKey } from '@/routes/logs/columns'
import { arrivalQuery, type First } from './firstRecord'
import './welcome.css'

const WATCH_MS = 1_000
/** Long enough to read what came, short enough not to wait for it. */
const OPENS_AFTER_MS = 1_200
const FIRST_SENDERS = ['curl-span', 'python', 'any', 'log-file', 'demo']

export function Welcome({ project }: { project: string }) {
  const arrival = useQuery({
    ...arrivalQuery(project),
    refetchInterval: (q) => (q.state.data?.first ? false : WATCH_MS),
  })
  const first = arrival.data?.first
  const refused = arrival.data?.reasons ?? []
  useOpening(project, first)
  return (
    <Page title="Welcome">
      <div className="k-scroll welcome" tabIndex={0} role="region" aria-label="Welcome">
        <h2>Send the first record to project {project}</h2>
        <p className="quiet">Paste one of these into a terminal, or set up your own application.</p>
        <SetUp project={project} kinds={FIRST_SENDERS} />
        <p className={first ? 'welcome-here' : 'welcome-waiting'} role="status">
          {first ? (
            <>
              <CheckCircle2 size={14} aria-hidden /> {HERE[first.signal]}: <Isolated text={nameOf(first)} />.
              Opening it.
            </>
          ) : arrival.isError ? (
            <>The server does not answer: {arrival.error.message}. This page goes on asking.</>
          ) : (
            <>
              <Radio size={14} aria-hidden /> Waiting for the first record. This page opens it by itself.
            </>
          )}
        </p>
        {!first && refused.length > 0 && (
          <>
            <p>
              <strong>Something came, and could not be kept.</strong> You are nearly there.
            </p>
            <Reasons reasons={refused} />
          </>
        )}
        {!first && <Symptoms />}
      </div>
    </Page>
  )
}

const HERE = {
  traces: 'The first trace is here',
  logs: 'The first log record is here',
  metrics: 'The first metrics are here',
}

function nameOf(first: First): string {
  if (first.signal === 'traces')
    return `${first.trace.root_name} (${first.trace.service || 'no service name'})`
  if (first.signal === 'logs') return first.log.body.slice(0, 80)
  return first.sender
}

function useOpening(project: string, first: First | null | undefined) {
  const navigate = useNavigate()
  useEffect(() => {
    if (!first) return
    const search = { project: project === 'default' ? undefined : project }
    const timer = setTimeout(() => {
      if (first.signal === 'traces') {
        void navigate({ to: '/traces/$traceId', params: { traceId: first.trace.trace_id }, search })
      } else if (first.signal === 'logs') {
        void navigate({ to: '/logs', search: { ...search, from: 'all', sel: recordKey(first.log) } })
      } else {
        void navigate({ to: '/metrics-explorer', search })
      }
    }, OPENS_AFTER_MS)
    return () => clearTimeout(timer)
  }, [first, project, navigate])
}

const SYMPTOMS = [
  ['401 or 403', 'the key is missing, wrong, or may not send: make one above or in Settings, Keys'],
  ['404', 'the path: an SDK takes a base address; an exporter built in code wants it with /v1/traces'],
  ['415', 'the content type: protobuf or JSON; lines of JSON are application/x-ndjson'],
  ['“http2”, “frame”, a reset', 'gRPC to the HTTP port: gRPC has its own, named above'],
  ['“wrong version number”', 'https to a server without TLS: write http'],
  ['200, and nothing here', 'it went to another project: choose it in the top bar'],
] as const

/** What the server never gets to see, or must not count: only the sender knows. */
function Symptoms() {
  return (
    <details className="welcome-symptoms">
      <summary>Sent something, and nothing happens?</summary>
      <dl>
        {SYMPTOMS.map(([said, means]) => (
          <div key={said}>
            <dt>{said}</dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
