/** A whole trace as a chat: what was said, each tool's call with its result, and nothing twice. */
import { Button, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { AlertCircle, AlertTriangle, FileSearch } from 'lucide-react'
import { useMemo, useState } from 'react'
import { traceConversationQuery } from '@/api/conversationQueries'
import type { ThreadEntry, TraceConversation } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { count, counted, durationText, usd } from '@/kit/format'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { Documents } from './Documents'
import { flagWords } from './flags'
import { MessageView } from './MessageView'
import { Fold, PartView, ToolName, ValueView } from './Parts'
import { SearchWords, useSearchWords } from './searched'
import './conversation.css'

/** What is drawn at first; the rest is one press away. */
const FIRST = 200

export function Thread(p: {
  project: string
  traceId: string
  running: boolean
  onSelect: (spanId: string) => void
}) {
  const query = useQuery(traceConversationQuery(p.project, p.traceId, p.running))
  const words = useSearchWords()
  if (query.isPending) return <SkeletonRows rows={12} label="Loading the thread" />
  if (query.isError && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />
  return (
    <div className="k-scroll" tabIndex={0} role="region" aria-label="Thread">
      <SearchWords.Provider value={words}>
        <Told said={query.data} onSelect={p.onSelect} />
      </SearchWords.Provider>
    </div>
  )
}

function Told({ said, onSelect }: { said: TraceConversation; onSelect: (spanId: string) => void }) {
  const [failures, setFailures] = useState(false)
  const [most, setMost] = useState(FIRST)
  const failed = useMemo(() => new Set(said.errors), [said.errors])
  if (!said.entries.length)
    return (
      <Empty title="Nothing was said in this trace">
        <p>
          A thread is made of the messages of model, tool and agent spans. Libraries leave them out unless
          they are told to send them:
        </p>
        <Snippet
          label="how to send content"
          text="export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true"
        />
      </Empty>
    )
  const places = said.entries.map((_, i) => i).filter((i) => !failures || failed.has(i))
  return (
    <div className="c-thread">
      <div className="c-facts">
        <span>
          <b>{counted(said.model_calls, 'model call')}</b>
        </span>
        <span>{counted(said.entries.length, 'entry').replace('entrys', 'entries')}</span>
        {said.folded_spans > 0 && (
          <span className="quiet" title="Internals of agents and frameworks, repeated reports">
            {count(said.folded_spans)} of {counted(said.span_count, 'span')} say nothing and are folded
          </span>
        )}
        {failed.size > 0 && (
          <Switch
            size="xs"
            checked={failures}
            onChange={(event) => setFailures(event.currentTarget.checked)}
            label={`Only what failed (${failed.size})`}
          />
        )}
      </div>
      {said.truncated && (
        <p className="c-flag">
          <AlertTriangle size={13} aria-hidden /> This is not all: the trace says more than one page holds.
        </p>
      )}
      {said.flags.map((flag) => (
        <p className="c-flag" key={flag}>
          <AlertTriangle size={13} aria-hidden /> {flagWords(flag)}
        </p>
      ))}
      {places.slice(0, most).map((i) => (
        <EntryView key={i} entry={said.entries[i]!} failed={failed.has(i)} onSelect={onSelect} />
      ))}
      {places.length > most && (
        <Button variant="default" onClick={() => setMost(most + 500)}>
          Show more of {count(places.length)}
        </Button>
      )}
    </div>
  )
}

function EntryView(p: { entry: ThreadEntry; failed: boolean; onSelect: (spanId: string) => void }) {
  const { entry } = p
  const aside = <Aside entry={entry} onSelect={p.onSelect} />
  return (
    <div className={p.failed ? 'c-entry failed' : 'c-entry'}>
      {entry.type === 'message' ? (
        entry.role === 'system' ? (
          <Fold label={<b>System prompt</b>}>
            <MessageView role="system" parts={entry.parts} aside={aside} />
          </Fold>
        ) : (
          <MessageView role={entry.role} parts={entry.parts} name={entry.agent} aside={aside} />
        )
      ) : (
        <article className="c-message tool">
          <div className="cv-head">
            {entry.type === 'error' && <AlertCircle size={13} className="t-bad" aria-hidden />}
            {entry.type === 'retrieval' && <FileSearch size={13} aria-hidden />}
            {entry.type === 'error' && <b className="t-bad">Failed</b>}
            {entry.type === 'retrieval' && <b>Retrieval</b>}
            {entry.tool && <ToolName name={entry.tool.name} id={entry.tool.id} />}
            {entry.tool?.failed && <b className="t-bad">failed</b>}
            <span className="grow" />
            {aside}
          </div>
          {(entry.error || entry.error_type) && (
            <p className="t-bad">
              {entry.error_type && <Isolated text={entry.error_type} />}
              {entry.error_type && entry.error && ': '}
              <Isolated text={entry.error} />
            </p>
          )}
          {entry.parts.map((part, i) => (
            <PartView key={i} part={part} />
          ))}
          {entry.documents.length > 0 && (
            <Fold label={counted(entry.documents.length, 'document')}>
              <Documents documents={entry.documents} />
            </Fold>
          )}
          {entry.tool && (
            <>
              {entry.tool.arguments !== null && (
                <div className="c-of" role="group" aria-label="Arguments">
                  <small className="quiet">arguments</small>
                  <ValueView value={entry.tool.arguments} whole={entry.tool.arguments_truncated_from} />
                </div>
              )}
              <div className="c-of" role="group" aria-label="Result">
                <small className="quiet">result</small>
                {entry.tool.answered ? (
                  <ValueView value={entry.tool.response} whole={entry.tool.response_truncated_from} />
                ) : (
                  <span className="quiet">no result was sent</span>
                )}
              </div>
            </>
          )}
        </article>
      )}
    </div>
  )
}

function Aside({ entry, onSelect }: { entry: ThreadEntry; onSelect: (spanId: string) => void }) {
  const tokens = (entry.input_tokens ?? 0) + (entry.output_tokens ?? 0)
  return (
    <small className="quiet">
      {entry.model && (
        <>
          {entry.tool && 'asked by '}
          <Isolated text={entry.model} /> ·{' '}
        </>
      )}
      {tokens > 0 && `${count(tokens)} tokens · `}
      {entry.cost_usd !== null && `${usd(entry.cost_usd)} · `}
      {entry.duration_ms !== null && `${durationText(entry.duration_ms)} · `}+
      {durationText(entry.at_ns / 1e6)}{' '}
      {entry.span_id && (
        <button type="button" className="plain c-more" onClick={() => onSelect(entry.span_id)}>
          span
        </button>
      )}
    </small>
  )
}
