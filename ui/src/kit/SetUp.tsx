/** How to send something here: the exact lines, with this server's address, this project and a key. */
import { Button, SegmentedControl, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { createKey } from '@/api/adminQueries'
import { infoQuery } from '@/api/queries'
import { usePref } from './prefs'
import { reachedAt, snippets, SNIPPETS, type SetUpSnippet } from './setUpText'
import { Snippet } from './states'

const GROUPS: SetUpSnippet['group'][] = ['Applications', 'Collectors and agents', 'By hand']
const option = ({ kind, label }: SetUpSnippet) => ({ value: kind, label })
const EVERY = GROUPS.map((group) => ({
  group,
  items: SNIPPETS.filter((s) => s.group === group).map(option),
}))

export function SetUp(props: {
  project: string
  apiKey?: string
  /** Which senders to offer, in this order; without it a choice of every one. */
  kinds?: string[]
}) {
  const info = useQuery(infoQuery)
  const client = useQueryClient()
  const few = props.kinds?.flatMap((kind) => SNIPPETS.filter((s) => s.kind === kind))
  const [chosen, setChosen] = usePref(few ? `set-up-${few.length}` : 'set-up', few?.[0]?.kind ?? 'python')
  const make = useMutation({
    mutationFn: () => createKey({ name: 'set-up', scopes: ['ingest'], project: props.project }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['/keys'] }),
  })
  if (!info.data) return null
  const offered = few ?? SNIPPETS
  const kind = (offered.find((s) => s.kind === chosen) ?? offered[0]!).kind
  const needsKey = info.data.auth === 'keys'
  const mayMake = info.data.identity?.scopes.includes('admin') ?? false
  const made = make.data?.project === props.project ? make.data.key : undefined
  const key = props.apiKey ?? made
  const base = reachedAt(location.origin, info.data.otlp_http)
  const texts = snippets({ http: base, project: props.project, key: key ?? (needsKey ? 'YOUR_KEY' : '') })
  return (
    <div className="k-setup">
      {few ? (
        <SegmentedControl
          aria-label="Sender"
          className="k-setup-few"
          value={kind}
          onChange={setChosen}
          data={few.map(option)}
        />
      ) : (
        <Select
          aria-label="Sender"
          w={260}
          value={kind}
          data={EVERY}
          allowDeselect={false}
          onChange={(value) => value && setChosen(value)}
        />
      )}
      <Snippet text={texts[kind]!} label={`${kind} set-up`} />
      {needsKey && !props.apiKey && (
        <p role="status">
          {made ? (
            'The key in these lines is new, may only send, and is not shown again once you leave. Settings, Keys revokes it.'
          ) : mayMake ? (
            <Button
              size="xs"
              variant="default"
              leftSection={<KeyRound size={13} aria-hidden />}
              loading={make.isPending}
              onClick={() => make.mutate()}
            >
              Make a key for these lines
            </Button>
          ) : (
            'Ask an admin for a key with the ingest scope, and put it for YOUR_KEY.'
          )}
          {make.isError && ` The key was not made: ${make.error.message}`}
        </p>
      )}
      <p>
        OTLP over HTTP at <span className="mono">{base}</span>
        {info.data.otlp_grpc && (
          <>
            , over gRPC at <span className="mono">{info.data.otlp_grpc}</span>
          </>
        )}
        .
      </p>
    </div>
  )
}

/** For the empty state of a page: the senders that most readers have. */
export const COMMON_SENDERS = ['python', 'any', 'collector', 'curl']
/** The same where it is calls of models that are missing. */
export const LLM_SENDERS = ['openai', 'any', 'collector']
