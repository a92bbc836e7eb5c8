/** The numbers of the page, each beside the period before, each leading to its rows. */
import { Link } from '@tanstack/react-router'
import { AlertTriangle } from 'lucide-react'
import type { ReactNode } from 'react'
import type { LlmOverview } from '@/api/types'
import { counted, durationText, usd } from '@/kit/format'
import { travelling, useView } from '@/kit/view'
import { ErrorShare, percent, Took } from '@/routes/services/measures'
import { change, rose, rowsOf } from './calls'
import { Amount, Money } from './Money'

/** What the senders got wrong stands apart: it is in no sum above. */
export function Flagged({ calls }: { calls: number }) {
  const { search, scope } = useView()
  if (!calls) return null
  const to = rowsOf(scope.q, [], 'usage_flags:*', '-start_time')
  return (
    <p className="lm-flagged">
      <AlertTriangle size={13} aria-hidden />{' '}
      <Link to="/traces" search={{ ...travelling(search), ...to } as never}>
        {counted(calls, 'call')}
      </Link>{' '}
      said tokens or times that cannot be; those are in no sum.
    </p>
  )
}

export function Numbers({ data }: { data: LlmOverview }) {
  const now = data.now.total
  const before = data.before?.total
  return (
    <ul className="lm-numbers" aria-label="Numbers">
      <Figure name="Spend" was={change(now.cost_usd, before?.cost_usd)} also="cost_usd:*" sort="-start_time">
        <Money value={now.cost_usd} unpriced={now.unpriced} />
      </Figure>
      <Figure name="Calls" was={change(now.calls, before?.calls)}>
        <Amount value={now.calls} />
      </Figure>
      <Figure
        name="Failed"
        was={change(now.error_rate, before?.error_rate)}
        also="status:error"
        bad={rose(now.error_rate, before?.error_rate)}
      >
        {now.error_rate === null ? <span className="quiet">–</span> : <ErrorShare share={now.error_rate} />}
      </Figure>
      <Figure
        name="Refused"
        was={change(now.refusal_rate, before?.refusal_rate)}
        also="finish_reason:content_filter"
        bad={rose(now.refusal_rate, before?.refusal_rate)}
      >
        {now.refusal_rate === null ? <span className="quiet">–</span> : percent(now.refusal_rate)}
      </Figure>
      <Figure name="Input tokens" was={change(now.input_tokens, before?.input_tokens)} also="input_tokens:*">
        <Amount value={now.input_tokens} />
      </Figure>
      <Figure
        name="From a cache"
        was={change(now.cached_share, before?.cached_share)}
        also="cache_read_tokens:>0"
      >
        {now.cached_share === null ? <span className="quiet">–</span> : percent(now.cached_share)}
      </Figure>
      <Figure
        name="Saved by caches"
        was={change(now.cache_savings_usd, before?.cache_savings_usd)}
        also="cache_savings_usd:*"
        title="What the cached input would have cost afresh, less what it did cost; of calls with a known price"
      >
        {now.cache_savings_usd === null ? <span className="quiet">–</span> : usd(now.cache_savings_usd)}
      </Figure>
      <Figure
        name="Output tokens"
        was={change(now.output_tokens, before?.output_tokens)}
        also="output_tokens:*"
      >
        <Amount value={now.output_tokens} />
      </Figure>
      <Figure
        name="p95"
        was={change(now.p95_ms, before?.p95_ms)}
        also={now.p95_ms === null ? '' : `duration_ms:>=${floored(now.p95_ms)}`}
        sort="-duration_ms"
        title={`p50 ${durationText(now.p50_ms)}, p99 ${durationText(now.p99_ms)}`}
      >
        <Took ms={now.p95_ms} />
      </Figure>
      <Figure
        name="First token p95"
        was={change(now.ttft_p95_ms, before?.ttft_p95_ms)}
        also={now.ttft_p95_ms === null ? 'ttft_ms:*' : `ttft_ms:>=${floored(now.ttft_p95_ms)}`}
        title={now.ttft_p50_ms === null ? 'No call said it' : `p50 ${durationText(now.ttft_p50_ms)}`}
      >
        <Took ms={now.ttft_p95_ms} />
      </Figure>
    </ul>
  )
}

const floored = (ms: number): string => String(Math.floor(ms * 1000) / 1000)

function Figure(p: {
  name: string
  was: string
  /** What makes rows of the page those of this number. */
  also?: string
  sort?: string
  bad?: boolean
  title?: string
  children: ReactNode
}) {
  const { search, scope } = useView()
  return (
    <li title={p.title}>
      <Link to="/traces" search={{ ...travelling(search), ...rowsOf(scope.q, [], p.also, p.sort) } as never}>
        <span className="lm-name">{p.name}</span>
        <b>{p.children}</b>
        <span className={p.bad ? 'lm-was bad' : 'lm-was'} title="Against the same length of time before">
          {p.was}
        </span>
      </Link>
    </li>
  )
}
