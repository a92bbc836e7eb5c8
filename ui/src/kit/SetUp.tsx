/** How to send something here: the exact lines, with this server's address and this project. */
import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { infoQuery } from '@/api/queries'
import { usePref } from './prefs'
import { snippets, type SnippetKind } from './setUpText'
import { Snippet } from './states'

const KINDS: { value: SnippetKind; label: string }[] = [
  { value: 'python', label: 'Python' },
  { value: 'collector', label: 'Collector' },
  { value: 'curl', label: 'curl' },
]

export function SetUp({ project, apiKey }: { project: string; apiKey?: string }) {
  const info = useQuery(infoQuery)
  const [chosen, setChosen] = usePref('set-up', 'python')
  const kind = KINDS.find((k) => k.value === chosen)?.value ?? 'python'
  if (!info.data) return null
  const needsKey = info.data.auth === 'keys'
  const texts = snippets({
    http: info.data.otlp_http ?? location.origin,
    project,
    key: apiKey ?? (needsKey ? 'YOUR_KEY' : ''),
  })
  return (
    <div className="k-setup">
      <SegmentedControl aria-label="Sender" value={kind} onChange={setChosen} data={KINDS} />
      <Snippet text={texts[kind]} label={`${kind} set-up`} />
      <p>
        OTLP over HTTP at <span className="mono">{info.data.otlp_http}</span>, over gRPC at{' '}
        <span className="mono">{info.data.otlp_grpc}</span>.
        {needsKey &&
          !apiKey &&
          ' Make a key with the ingest scope in Settings, Keys, and put it for YOUR_KEY.'}
      </p>
    </div>
  )
}
