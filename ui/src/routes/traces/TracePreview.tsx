import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api } from '@/api/client'
import type { TraceAnswer } from '@/api/types'
import { CopyId } from '@/kit/Copy'
import { spanColour } from '@/kit/colour'
import { count, durationText } from '@/kit/format'
import { Failure, SkeletonRows } from '@/kit/states'
import { Value } from '@/kit/Value'
import { ClockTime, Duration, StatusBadge, Tokens } from '@/kit/values'
import { Money } from '../llm/Money'
import { KindIcon } from '../trace/KindIcon'
import { OpenTraceButton } from '../trace/SpanPanel'
import { buildTree } from '../trace/tree'
import '../trace/trace.css'

const SHOWN = 200

/** Enough of a trace to decide whether to open it. */
export function TracePreview({
  project,
  traceId,
  onSpan,
}: {
  project: string
  traceId: string
  onSpan: (id: string) => void
}) {
  const trace = useQuery({
    queryKey: ['trace-preview', project, traceId],
    queryFn: ({ signal }) => api.get<TraceAnswer>(`/traces/${traceId}`, { project, limit: 1000 }, signal),
    structuralSharing: false,
  })
  const tree = useMemo(() => (trace.data ? buildTree(trace.data.spans.columns) : null), [trace.data])
  if (trace.isPending) return <SkeletonRows rows={16} label="Loading the trace" />
  if (trace.isError) return <Failure error={trace.error} retry={() => void trace.refetch()} />
  const t = trace.data.trace
  const c = tree!.columns
  const total = Math.max(tree!.durationNs, 1)
  return (
    <div className="k-scroll">
      <dl className="k-dl">
        <dt>Duration</dt>
        <dd>
          <Duration ms={t.duration_ms} />
        </dd>
        <dt>Status</dt>
        <dd>
          <StatusBadge status={t.status} state={t.state} errors={t.error_count} />
        </dd>
        <dt>Start</dt>
        <dd>
          <ClockTime iso={t.start_time} date />
        </dd>
        <dt>Services</dt>
        <dd>
          {t.services.map((service) => (
            <span key={service} style={{ marginRight: 10 }}>
              <Value k="service" v={service} />
            </span>
          ))}
        </dd>
        {(t.input_tokens !== null || t.output_tokens !== null) && (
          <>
            <dt>Usage</dt>
            <dd>
              <Tokens input={t.input_tokens} output={t.output_tokens} />{' '}
              <Money value={t.cost_usd} unpriced={t.unpriced} />
            </dd>
          </>
        )}
        {t.session_id && (
          <>
            <dt>Session</dt>
            <dd>
              <Value k="session_id" v={t.session_id} />
            </dd>
          </>
        )}
        <dt>Trace id</dt>
        <dd>
          <CopyId id={t.trace_id} label="trace id" />
        </dd>
      </dl>
      <div className="row" style={{ padding: '0 12px 8px' }}>
        <OpenTraceButton traceId={traceId} />
        <span className="quiet">Enter</span>
      </div>
      <div className="ts-mini">
        {[...tree!.order.subarray(0, SHOWN)].map((i) => (
          <div className="ts-line" key={i}>
            <button
              type="button"
              className="plain cut"
              style={{ paddingLeft: Math.min(tree!.depth[i]!, 10) * 8 }}
              onClick={() => onSpan(c.span_id[i]!)}
              title={c.name[i]}
            >
              <KindIcon
                kind={c.kind[i]!}
                spanKind={c.span_kind[i]!}
                convention={c.convention[i]!}
                service={c.service[i]!}
              />{' '}
              <span className={c.status[i] === 'error' ? 't-bad' : ''}>
                {c.status[i] === 'error' ? 'error: ' : ''}
                {c.name[i]}
              </span>
            </button>
            <div title={durationText(c.duration_ns[i] == null ? null : c.duration_ns[i]! / 1e6)}>
              <div
                className="t-bar"
                style={{
                  left: `${(tree!.start[i]! / total) * 100}%`,
                  width: `max(2px, ${((tree!.end[i]! - tree!.start[i]!) / total) * 100}%)`,
                  background: c.status[i] === 'error' ? 'var(--bad)' : spanColour(c.kind[i]!, c.service[i]!),
                }}
              />
            </div>
          </div>
        ))}
        {t.span_count > SHOWN && (
          <p className="quiet">and {count(t.span_count - SHOWN)} more spans on the page</p>
        )}
      </div>
    </div>
  )
}
