/** Everything about one span. Used by the Trace page and by the drawer of the Traces page. */
import { Badge, Button, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, type ReactNode } from 'react'
import { traceErrorsQuery } from '@/api/errorQueries'
import { traceEvaluationsQuery } from '@/api/evaluationQueries'
import { spanQuery } from '@/api/queries'
import type { SpanDetail } from '@/api/types'
import { answered } from '@/kit/answered'
import { CopyId } from '@/kit/Copy'
import { Isolated } from '@/kit/Isolated'
import { durationText, usd, count } from '@/kit/format'
import { isoToMs } from '@/kit/time'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { Value } from '@/kit/Value'
import { travelling } from '@/kit/view'
import { ClockTime, Duration, StatusBadge } from '@/kit/values'
import { SaveToDatasetButton } from '../datasets/SaveToDataset'
import { TraceErrors } from '../errors/TraceErrors'
import { Corrections } from '../evaluations/Corrections'
import { Verdicts } from '../evaluations/Verdicts'
import { PromptRef } from '../prompts/PromptRef'
import { AttributeList, Attributes } from './Attributes'
import { textOf } from './conversation/highlight'
import { LongText } from './LongText'
import { RelatedLogs } from './RelatedLogs'
import { RunningSpanNow } from './RunningNow'
import './trace.css'

const HostMetrics = lazy(() => import('./HostMetrics').then((m) => ({ default: m.HostMetrics })))

const ConversationPanel = lazy(() =>
  import('./conversation/ConversationPanel').then((m) => ({ default: m.ConversationPanel })),
)
/** Kinds of spans of which one wants to see first what was said. */
const SPEAKS = new Set(['llm', 'agent', 'tool', 'retriever', 'reranker', 'embedding'])

interface Props {
  project: string
  traceId: string
  spanId: string
  tab: string | undefined
  onTab: (tab: string) => void
  actions?: ReactNode
}

export function SpanPanel(p: Props) {
  const span = useQuery(spanQuery(p.project, p.traceId, p.spanId))
  const errors = useQuery(traceErrorsQuery(p.project, p.traceId))
  const said = useQuery(traceEvaluationsQuery(p.project, p.traceId))
  if (span.isPending || !answered(errors, said)) return <SkeletonRows rows={16} label="Loading the span" />
  if (span.isError) return <Failure error={span.error} retry={() => void span.refetch()} />
  return <Loaded {...p} span={span.data} />
}

function Loaded(p: Props & { span: SpanDetail }) {
  const { span } = p
  const source = { project: p.project, traceId: p.traceId, spanId: p.spanId }
  const payload = span.input?.text || span.output?.text
  const speaks = SPEAKS.has(span.kind)
  const tab = p.tab ?? (speaks ? 'said' : payload ? 'io' : 'attributes')
  return (
    <div className="k-scroll">
      {(span.status === 'error' || span.status_message) && (
        <div className="t-message">
          <b>
            <Isolated text={span.error_type || 'Error'} />
          </b>
          {span.status_message ? ': ' : ''}
          <Isolated text={span.status_message} />
        </div>
      )}
      {span.state === 'running' && <RunningSpanNow {...source} />}
      <Facts span={span} />
      {(span.status === 'error' || span.events.some((event) => event.name === 'exception')) && (
        <TraceErrors project={p.project} traceId={p.traceId} />
      )}
      <Verdicts {...source}>
        <SaveToDatasetButton project={p.project} of={{ trace_id: p.traceId, span_id: p.spanId }} />
      </Verdicts>
      {p.actions}
      <Tabs value={tab} onChange={(value) => value && p.onTab(value)} keepMounted={false}>
        <Tabs.List>
          {span.kind !== 'span' && <Tabs.Tab value="said">Conversation</Tabs.Tab>}
          {payload && <Tabs.Tab value="io">Input, output</Tabs.Tab>}
          <Tabs.Tab value="attributes">Attributes {counted(span.attributes.length)}</Tabs.Tab>
          <Tabs.Tab value="events">Events {counted(span.events.length)}</Tabs.Tab>
          <Tabs.Tab value="links">Links {counted(span.links.length)}</Tabs.Tab>
          <Tabs.Tab value="logs">Logs</Tabs.Tab>
          <Tabs.Tab value="metrics">Host</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="said">
          <Suspense fallback={<SkeletonRows rows={8} />}>
            <ConversationPanel project={p.project} traceId={p.traceId} span={span} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="io">
          {span.input?.text && (
            <>
              <h3 className="t-section">Input</h3>
              <LongText
                text={span.input.text}
                cutFrom={span.input.truncated_from ?? null}
                source={{ ...source, field: 'input' }}
              />
            </>
          )}
          {span.output?.text && (
            <>
              <h3 className="t-section">Output</h3>
              <LongText
                text={span.output.text}
                cutFrom={span.output.truncated_from ?? null}
                source={{ ...source, field: 'output' }}
              />
              <Corrections {...source} />
            </>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="attributes">
          <Attributes own={span.attributes} resource={span.resource_attributes} source={source} />
        </Tabs.Panel>
        <Tabs.Panel value="events">
          {span.events.length === 0 && <Empty title="This span has no events" />}
          {span.events.map((event, i) => (
            <section className="t-event" key={i}>
              <div className="row">
                <b className="cut">{event.name}</b>
                <span className="quiet">
                  +{durationText(Math.max(isoToMs(event.time) - isoToMs(span.start_time), 0))}
                </span>
                <span className="grow" />
                <ClockTime iso={event.time} />
              </div>
              <AttributeList attributes={event.attributes} />
            </section>
          ))}
        </Tabs.Panel>
        <Tabs.Panel value="links">
          {span.links.length === 0 && <Empty title="This span links to no other span" />}
          {span.links.map((link, i) => (
            <section className="t-event" key={i}>
              <div className="row">
                <Link
                  to="/traces/$traceId"
                  params={{ traceId: link.trace_id }}
                  search={(old) => ({ project: old.project, span: link.span_id })}
                >
                  Open trace
                </Link>
                <CopyId id={link.trace_id} label="trace id" />
                <CopyId id={link.span_id} label="span id" />
              </div>
              {link.trace_state && (
                <p className="t-state quiet">
                  Trace state <span className="mono">{link.trace_state}</span>
                </p>
              )}
              <AttributeList attributes={link.attributes} />
            </section>
          ))}
        </Tabs.Panel>
        <Tabs.Panel value="logs">
          <RelatedLogs project={p.project} traceId={p.traceId} spanId={p.spanId} />
        </Tabs.Panel>
        <Tabs.Panel value="metrics">
          <Suspense fallback={<SkeletonRows rows={6} />}>
            <HostMetrics project={p.project} traceId={p.traceId} span={span} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

const counted = (n: number) => (n ? <small className="quiet">{n}</small> : null)

function Facts({ span }: { span: SpanDetail }) {
  const facts: [string, ReactNode][] = [
    ['Duration', <Duration key="d" ms={span.duration_ms} />],
    ['Start', <ClockTime key="s" iso={span.start_time} />],
    ['Status', <StatusBadge key="st" status={span.status} state={span.state} />],
    ['Service', <Value key="sv" k="service" v={span.service} />],
    [
      'Kind',
      <span key="k">
        <Value k="kind" v={span.kind} />{' '}
        {span.span_kind && (
          <Badge variant="default" size="xs" tt="none">
            {span.span_kind}
          </Badge>
        )}
      </span>,
    ],
  ]
  const more: [string, ReactNode, unknown][] = [
    ['Model', <Value key="m" k="model" v={span.model} />, span.model],
    ['Provider', <Value key="p" k="provider" v={span.provider} />, span.provider],
    ['Tokens', <TokenFacts key="t" span={span} />, span.input_tokens ?? span.output_tokens],
    ['Cost', span.cost_usd === null ? '' : usd(span.cost_usd), span.cost_usd !== null],
    ['First token', durationText(span.ttft_ms), span.ttft_ms !== null],
    ['Agent', <Value key="a" k="agent" v={span.agent} />, span.agent],
    ['Tool', <Value key="to" k="tool" v={span.tool} />, span.tool],
    [
      'Prompt',
      <PromptRef key="pr" name={span.prompt_name} version={span.prompt_version} />,
      span.prompt_name,
    ],
    ['Session', <Value key="se" k="session_id" v={span.session_id} />, span.session_id],
    ['User', <Value key="u" k="user_id" v={span.user_id} />, span.user_id],
    ['Scope', <Cut key="sc" text={`${span.scope} ${span.scope_version}`} />, span.scope],
    ['Trace state', <Cut key="ts" text={span.trace_state} />, span.trace_state],
    ['Dropped', `${span.dropped} by the sender`, span.dropped],
    ['Span id', <CopyId key="id" id={span.span_id} label="span id" />, span.span_id],
  ]
  return (
    <dl className="k-dl t-facts2">
      {[
        ...facts,
        ...more.filter(
          ([, , there]) =>
            there !== null && there !== '' && there !== false && there !== 0 && there !== undefined,
        ),
      ].map(([label, value]) => (
        <Fact key={label} label={label}>
          {value}
        </Fact>
      ))}
    </dl>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** One line, whole on hover. */
function Cut({ text }: { text: string }) {
  return (
    <div className="cut" title={text}>
      {text}
    </div>
  )
}

function TokenFacts({ span }: { span: SpanDetail }) {
  const parts = [
    [span.input_tokens, 'in'],
    [span.output_tokens, 'out'],
    [span.cache_read_tokens, 'from cache'],
    [span.cache_write_tokens, 'to cache'],
    [span.reasoning_tokens, 'reasoning'],
  ].filter((part): part is [number, string] => part[0] !== null && part[0] !== undefined)
  return (
    <span>
      {parts.map(([n, unit]) => (
        <span key={unit}>
          {count(n)}
          <span className="unit">{unit}</span>{' '}
        </span>
      ))}
      {span.duplicate_of && <span className="quiet">reported twice, counted once</span>}
    </span>
  )
}

export function OpenTraceButton({ traceId, spanId }: { traceId: string; spanId?: string }) {
  return (
    <Button
      variant="default"
      renderRoot={(props) => (
        <Link
          to="/traces/$traceId"
          params={{ traceId }}
          search={(old) => ({ ...travelling(old), span: spanId, hl: textOf(old.q) })}
          {...props}
        />
      )}
    >
      Open trace
    </Button>
  )
}
