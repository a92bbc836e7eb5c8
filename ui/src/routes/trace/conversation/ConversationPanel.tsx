/** What was said in one span: what went in, what came out, with what, and what of it is new. */
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { AlertTriangle, Braces, History, SlidersHorizontal } from 'lucide-react'
import { useState } from 'react'
import { spanConversationQuery } from '@/api/conversationQueries'
import type { ShownMessage, SpanConversation, SpanDetail } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { count, counted } from '@/kit/format'
import { Empty, Failure, SkeletonRows, Snippet } from '@/kit/states'
import { useView } from '@/kit/view'
import { Corrections } from '../../evaluations/Corrections'
import { Documents } from './Documents'
import { PromptRef } from '../../prompts/PromptRef'
import { flagWords } from './flags'
import { JsonTree } from './JsonTree'
import { SearchWords, useSearchWords } from './searched'
import { MessageView } from './MessageView'
import { Fold } from './Parts'
import { Usage } from './Usage'
import './conversation.css'

export function ConversationPanel(p: { project: string; traceId: string; span: SpanDetail }) {
  const query = useQuery(spanConversationQuery(p.project, p.traceId, p.span.span_id))
  const words = useSearchWords()
  if (query.isPending) return <SkeletonRows rows={10} label="Loading the conversation" />
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />
  return (
    <SearchWords.Provider value={words}>
      <div className="c-panel">
        <Usage span={p.span} />
        <Conversation said={query.data} span={p.span} />
        {query.data.output.length > 0 && (
          <Corrections project={p.project} traceId={p.traceId} spanId={p.span.span_id} />
        )}
      </div>
    </SearchWords.Provider>
  )
}

function Conversation({ said, span }: { said: SpanConversation; span: SpanDetail }) {
  const { patch } = useView()
  const reason = said.output.map((message) => message.finish_reason).find(Boolean)
  const nothing = !said.input.length && !said.output.length && !said.documents.length
  const parameters = Object.keys(said.parameters).length
  return (
    <>
      {(reason || span.prompt_name || said.from_logs) && (
        <p className="c-facts">
          {reason && (
            <span>
              ended by{' '}
              <b className={reason === 'stop' || reason === 'tool_call' ? '' : 't-bad'}>
                <Isolated text={reason} />
              </b>
            </span>
          )}
          {span.prompt_name && (
            <span>
              prompt <PromptRef name={span.prompt_name} version={span.prompt_version} />
            </span>
          )}
          {said.from_logs && <span className="quiet">from log records of this span</span>}
        </p>
      )}
      {said.flags.map((flag) => (
        <p className="c-flag" key={flag}>
          <AlertTriangle size={13} aria-hidden /> {flagWords(flag)}
        </p>
      ))}
      {said.tools.length > 0 && (
        <Fold icon={<Braces size={13} aria-hidden />} label={`${counted(said.tools.length, 'tool')} offered`}>
          {said.tools.map((tool) => (
            <div className="c-tool" key={tool.name}>
              <b>
                <Isolated text={tool.name} />
              </b>
              {tool.description && (
                <p className="quiet">
                  <Isolated text={tool.description} />
                </p>
              )}
              {tool.parameters !== null && <JsonTree value={tool.parameters} open={false} />}
            </div>
          ))}
        </Fold>
      )}
      {parameters > 0 && (
        <Fold icon={<SlidersHorizontal size={13} aria-hidden />} label={counted(parameters, 'parameter')}>
          <JsonTree value={said.parameters} />
        </Fold>
      )}
      {nothing && (
        <Empty title="Nothing was said in this span">
          <p>Libraries leave content out unless they are told to send it, as with</p>
          <Snippet
            text="export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true"
            label="capturing content"
          />
        </Empty>
      )}
      {said.input.length > 0 && (
        <section aria-label="Input">
          <h3 className="t-section">
            {span.kind === 'retriever' ? 'Query' : 'Input'}
            {said.input_count > said.input.length && (
              <small className="quiet">
                {' '}
                the newest {count(said.input.length)} of {counted(said.input_count, 'message')}
              </small>
            )}
            {said.previous_span_id && (
              <Button
                size="compact-xs"
                variant="subtle"
                leftSection={<History size={12} aria-hidden />}
                onClick={() => patch({ span: said.previous_span_id }, true)}
              >
                Previous turn
              </Button>
            )}
          </h3>
          <Input messages={said.input} turns={Boolean(said.previous_span_id)} />
        </section>
      )}
      {said.documents.length > 0 && (
        <section aria-label="Documents">
          <h3 className="t-section">{counted(said.documents.length, 'document')}</h3>
          <Documents documents={said.documents} />
        </section>
      )}
      {said.output.length > 0 && (
        <section aria-label="Output">
          <h3 className="t-section">Output</h3>
          {said.output.map((message, i) => (
            <MessageView key={i} role={message.role} parts={message.parts} name={message.name} />
          ))}
        </section>
      )}
    </>
  )
}

/** Messages that the previous turn had are folded: what is new is what one looks for. */
function Input({ messages, turns }: { messages: ShownMessage[]; turns: boolean }) {
  const [open, setOpen] = useState(false)
  const [most, setMost] = useState(40)
  const old = turns ? messages.filter((message) => !message.is_new).length : 0
  const folded = old > 1 && !open
  const all = folded ? messages.filter((message) => message.is_new) : messages
  const shown = all.slice(-most)
  return (
    <>
      {old > 1 && (
        <button type="button" className="plain c-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          <History size={13} aria-hidden /> {counted(old, 'message')} as in the previous turn{' '}
          <span className="quiet">{open ? 'hide' : 'show'}</span>
        </button>
      )}
      {all.length > shown.length && (
        <button type="button" className="plain c-fold" onClick={() => setMost(most + 200)}>
          {counted(all.length - shown.length, 'earlier message')} <span className="quiet">show</span>
        </button>
      )}
      {shown.map((message, i) => (
        <MessageView
          key={all.length - shown.length + i}
          role={message.role}
          parts={message.parts}
          name={message.name}
          isNew={turns && message.is_new}
        />
      ))}
    </>
  )
}
