/** A score over time: its mean, the share that passes, and how often each label is given; pinned and watched. */
import { useQuery } from '@tanstack/react-query'
import { savedQuery } from '@/api/dashboardQueries'
import type { SavedQuery } from '@/api/types'
import { distinct } from '@/kit/colour'
import { is, printFilter } from '@/kit/filter'
import { compact } from '@/kit/format'
import { align } from '@/kit/metricSeries'
import { PinMenu } from '@/kit/PinMenu'
import { unanswered } from '@/kit/states'
import { TimeChart } from '@/kit/TimeChart'
import { useView } from '@/kit/view'
import { inOrder, labelColour, number, type Listed } from './meaning'

const HEIGHT = 130
const MOST = 8

type Asked = Extract<SavedQuery, { kind: 'evaluations' }>

export function ScoreCharts({ of, live }: { of: Listed; live: number | false }) {
  const { found } = of
  if (!found) return null
  const by = found.labels.length > 1 ? 'label' : 'source'
  return (
    <>
      {found.scored > 0 && <Chart of={of} live={live} title="Mean" measure="avg_score" />}
      {found.judged > 0 && <Chart of={of} live={live} title="Passed" measure="pass_rate" />}
      <Chart of={of} live={live} title={`Evaluations by ${by}`} measure="count" by={by} />
    </>
  )
}

function Chart(p: {
  of: Listed
  live: number | false
  title: string
  measure: NonNullable<Asked['measure']>
  by?: 'label' | 'source'
}) {
  const { scope, setRange } = useView()
  const { definition, name } = p.of
  const q = [printFilter([is('name', name)]), scope.q].filter(Boolean).join(' ')
  const asked: Asked = { kind: 'evaluations', q, measure: p.measure, group_by: p.by ? [p.by] : [] }
  const { project, from, to } = scope
  const query = useQuery({
    ...savedQuery({ project, from, to, variables: {}, query: asked }),
    refetchInterval: p.live,
  })
  const lines = inOrder(
    (query.data?.series ?? []).map((s) => ({
      label: p.by ? s.labels[p.by] || 'none' : p.title,
      points: s.points,
    })),
    definition,
  ).slice(0, MOST)
  const palette = distinct(lines.map((line) => line.label))
  const stepMs = (query.data?.step_s ?? 0) * 1000
  const { times, values } = align(
    lines.map((line) => line.points),
    stepMs,
  )
  const series = lines.map((line, i) => ({
    label: line.label,
    colour: p.by
      ? labelColour(line.label, p.by === 'label' ? definition : null, palette.get(line.label)!)
      : 'var(--cat-0)',
    kind: p.by ? ('bar' as const) : ('line' as const),
    values: values[i]!,
  }))
  const threshold = p.measure === 'avg_score' ? definition?.threshold : null
  const limits = threshold == null ? [] : [{ value: threshold, label: `threshold ${number(threshold)}` }]
  return (
    <section>
      <div className="ev-title">
        <h3>
          {p.title}
          {p.by && (
            <span className="k-legend">
              {series.map(({ label, colour }) => (
                <span key={label} className="cut" title={label.slice(0, 300)}>
                  <i style={{ background: colour }} aria-hidden />
                  {label.slice(0, 40)}
                </span>
              ))}
            </span>
          )}
        </h3>
        <PinMenu small query={asked} title={`${name.slice(0, 150)}: ${p.title.toLowerCase()}`} />
      </div>
      {unanswered(query, 4, `Loading ${p.title}`) ?? (
        <TimeChart
          label={p.title}
          times={times}
          series={series}
          stacked={!!p.by}
          height={HEIGHT}
          unit={p.measure === 'pass_rate' ? '%' : ''}
          format={p.measure === 'count' ? compact : number}
          intervalMs={stepMs}
          limits={limits}
          sync="evaluations"
          onBrush={(start, end) =>
            setRange({ from: new Date(start).toISOString(), to: new Date(end).toISOString() })
          }
        />
      )}
    </section>
  )
}
