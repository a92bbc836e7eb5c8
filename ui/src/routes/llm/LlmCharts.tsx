/** Spend, tokens, calls and how long they took, over time; each can be brushed, pinned and watched. */
import type { ReactNode } from 'react'
import type { LlmOverview, SavedQuery } from '@/api/types'
import { compact, durationText, usd } from '@/kit/format'
import { PinMenu } from '@/kit/PinMenu'
import { isoToMs } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { useView } from '@/kit/view'
import { asked, looksAtTraces } from './calls'

const HEIGHT = 120
type Values = (number | null)[]

const less = (all: Values, part: Values): Values =>
  all.map((v, i) => (v === null ? null : v - (part[i] ?? 0)))
const some = (values: Values | undefined): boolean => !!values?.some((v) => v !== null)

export function LlmCharts({ data }: { data: LlmOverview }) {
  const now = data.now.steps
  const before = data.before?.steps
  const calls = now.calls.map((n, i) => n - now.errors[i]!)
  const spent: Series[] = [{ label: 'spend', colour: 'var(--window)', kind: 'bar', values: now.cost_usd }]
  if (some(before?.cost_usd)) {
    spent.push({ label: 'before', colour: 'var(--baseline)', dashed: true, values: before!.cost_usd })
  }
  const tokens: Series[] = [
    {
      label: 'input',
      colour: 'var(--cat-1)',
      kind: 'bar',
      values: less(now.input_tokens, now.cache_read_tokens),
    },
    { label: 'input from a cache', colour: 'var(--cat-2)', kind: 'bar', values: now.cache_read_tokens },
    {
      label: 'output',
      colour: 'var(--cat-0)',
      kind: 'bar',
      values: less(now.output_tokens, now.reasoning_tokens),
    },
    { label: 'reasoning', colour: 'var(--cat-6)', kind: 'bar', values: now.reasoning_tokens },
  ]
  return (
    <div className="lm-charts">
      <Chart
        data={data}
        title="Spend"
        unknown={!some(now.cost_usd) && 'No call of this time has a known cost.'}
        query={{ measure: 'cost_usd' }}
        series={spent}
        format={usd}
      />
      <Chart
        data={data}
        title="Tokens"
        unknown={
          !some(now.input_tokens) && !some(now.output_tokens) && 'No call of this time names its tokens.'
        }
        query={{ measure: 'tokens' }}
        series={tokens.filter((s) => s.values.some((v) => v))}
        stacked
      />
      <Chart
        data={data}
        title="Calls"
        query={{ measure: 'count' }}
        series={[
          { label: 'failed', colour: 'var(--bad)', kind: 'bar', values: now.errors },
          { label: 'answered', colour: 'var(--bars)', kind: 'bar', values: calls },
        ]}
        stacked
      />
      <Chart
        data={data}
        title="Duration"
        query={{ measure: 'p95_ms' }}
        series={quantiles(now.p50_ms, now.p95_ms, now.p99_ms)}
        format={durationText}
      />
      <Chart
        data={data}
        title="Time to first token"
        unknown={!some(now.ttft_p50_ms) && 'No call of this time says when its first token came.'}
        query={{ measure: 'p95_ttft_ms' }}
        series={quantiles(now.ttft_p50_ms, now.ttft_p95_ms, now.ttft_p99_ms)}
        format={durationText}
      />
    </div>
  )
}

const quantiles = (p50: Values, p95: Values, p99: Values): Series[] => [
  { label: 'p50', colour: 'var(--cat-1)', values: p50 },
  { label: 'p95', colour: 'var(--cat-0)', values: p95 },
  { label: 'p99', colour: 'var(--cat-5)', values: p99 },
]

function Chart(p: {
  data: LlmOverview
  title: string
  query: { measure: NonNullable<Extract<SavedQuery, { kind: 'spans' }>['measure']> }
  series: Series[]
  stacked?: boolean
  unknown?: ReactNode
  format?: (value: number) => string
}) {
  const { scope, setRange } = useView()
  return (
    <section>
      <div className="lm-title">
        <h2>
          {p.title}
          <span className="k-legend">
            {p.series.map(({ label, colour }) => (
              <span key={label}>
                <i style={{ background: colour }} aria-hidden />
                {label}
              </span>
            ))}
          </span>
        </h2>
        <PinMenu
          small
          disabled={looksAtTraces(scope.q)}
          query={{ kind: 'spans', q: asked(scope.q), ...p.query }}
          title={`LLM: ${p.title}`}
        />
      </div>
      {p.unknown ? (
        <div className="lm-unknown k-hatched" style={{ height: HEIGHT }}>
          {p.unknown}
        </div>
      ) : (
        <TimeChart
          label={p.title}
          times={p.data.times.map(isoToMs)}
          series={p.series}
          stacked={p.stacked ?? false}
          height={HEIGHT}
          format={p.format ?? compact}
          intervalMs={p.data.interval_ms}
          sync="llm"
          onBrush={(from, to) =>
            setRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
          }
        />
      )}
    </section>
  )
}
