/** What is evaluated, a line each: how often, how it turned out, over time. */
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { savedQuery } from '@/api/dashboardQueries'
import { compact, count } from '@/kit/format'
import { is, printFilter } from '@/kit/filter'
import { Isolated } from '@/kit/Isolated'
import { Sparkline } from '@/kit/Sparkline'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { percent } from '@/routes/services/measures'
import { failing, inWords, labelColour, inOrder, number, type Listed } from './meaning'
import { ToRows } from './parts'

const NONE = <span className="quiet">–</span>

export function ScoresTable(p: {
  rows: Listed[]
  chosen: string
  live: number | false
  onChoose: (name: string) => void
}) {
  const { scope } = useView()
  const { project, from, to, q } = scope
  const trend = useQuery({
    ...savedQuery({
      project,
      from,
      to,
      variables: {},
      query: { kind: 'evaluations', q, measure: 'avg_score', group_by: ['name'] },
    }),
    refetchInterval: p.live,
  })
  const trends = new Map(trend.data?.series.map((s) => [s.labels.name, s.points.map(([, v]) => v)]))
  return (
    <div className="ev-wide" role="region" aria-label="Scores by name" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Score</th>
            <th scope="col" className="num">
              Evaluations
            </th>
            <th scope="col" className="num">
              Mean
            </th>
            <th scope="col">
              <span className="sr-only">Mean over time</span>
            </th>
            <th scope="col" className="num">
              Passed
            </th>
            <th scope="col">Labels</th>
            <th scope="col" className="num">
              Flagged
            </th>
            <th scope="col" className="num">
              Last
            </th>
          </tr>
        </thead>
        <tbody>
          {p.rows.map((row) => (
            <Line
              key={row.name}
              row={row}
              trend={trends.get(row.name) ?? []}
              chosen={row.name === p.chosen}
              onChoose={p.onChoose}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Line(p: {
  row: Listed
  trend: (number | null)[]
  chosen: boolean
  onChoose: (name: string) => void
}) {
  const { found, definition, name } = p.row
  const of = printFilter([is('name', name)])
  const bad = failing(definition)
  return (
    <tr className={p.chosen ? 'ev-chosen' : ''}>
      <td title={name.slice(0, 300)}>
        <button type="button" className="plain" aria-pressed={p.chosen} onClick={() => p.onChoose(name)}>
          <b>
            <Isolated text={name.slice(0, 120)} />
          </b>
        </button>{' '}
        <span className="quiet ev-words">{definition ? inWords(definition).slice(0, 80) : ''}</span>
      </td>
      <td className="num">
        {found ? (
          <ToRows behind={{ q: of }}>
            <span title={count(found.count)}>{compact(found.count)}</span>
          </ToRows>
        ) : (
          <span className="quiet">none yet</span>
        )}
      </td>
      <td className="num">
        {found?.avg_score != null ? (
          <span
            title={`${number(found.min_score!)} to ${number(found.max_score!)} of ${count(found.scored)}`}
          >
            {number(found.avg_score)}
          </span>
        ) : (
          NONE
        )}
      </td>
      <td>
        {p.trend.some((v) => v !== null) && (
          <Sparkline label={`Mean of ${name} over time`} values={p.trend} />
        )}
      </td>
      <td className="num">
        {found?.judged ? (
          bad ? (
            <ToRows
              behind={{ q: `${of} ${bad}` }}
              label={`${percent(found.passed / found.judged)} pass: ${name.slice(0, 120)}, those that do not`}
            >
              {percent(found.passed / found.judged)}
            </ToRows>
          ) : (
            <span title={`${count(found.passed)} of ${count(found.judged)}`}>
              {percent(found.passed / found.judged)}
            </span>
          )
        ) : (
          NONE
        )}
      </td>
      <td>{found && <LabelBar row={p.row} />}</td>
      <td className="num">
        {found?.flagged ? (
          <ToRows behind={{ q: `${of} problem:*` }}>
            <span className="k-badge warn">
              <TriangleAlert size={12} aria-hidden /> {compact(found.flagged)}
            </span>
          </ToRows>
        ) : (
          NONE
        )}
      </td>
      <td className="num">{found ? <RelativeTime iso={found.last_time} /> : NONE}</td>
    </tr>
  )
}

/** The labels as one bar, the most frequent named beside it. */
function LabelBar({ row }: { row: Listed }) {
  const labels = row.found?.labels ?? []
  const all = labels.reduce((sum, one) => sum + one.count, 0)
  if (!all) return null
  const most = labels[0]!
  return (
    <span
      className="ev-labels"
      title={labels
        .map((l) => `${l.label} ${count(l.count)}`)
        .join(', ')
        .slice(0, 500)}
    >
      <span className="ev-bar" aria-hidden>
        {inOrder(labels, row.definition).map((one) => (
          <i
            key={one.label}
            style={{
              width: `${(100 * one.count) / all}%`,
              background: labelColour(one.label, row.definition, 'var(--bars)'),
            }}
          />
        ))}
      </span>
      <span className="cut">
        {percent(most.count / all)} <Isolated text={most.label.slice(0, 40)} />
      </span>
    </span>
  )
}
