/** One score: over time, how it is distributed, who says so, of what, and the worst first. */
import { Button, SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { evaluationsQuery, summaryQuery } from '@/api/evaluationQueries'
import type { EvaluationSummaryRow, ScoreDefinition } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { csvCell, downloadText } from '@/kit/download'
import { ExportMenu } from '@/kit/ExportMenu'
import { is, printFilter, type Term } from '@/kit/filter'
import { compact, count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { unanswered } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { percent } from '@/routes/services/measures'
import { Distribution } from './Distribution'
import { failing, inWords, number, worstFirst, type Listed } from './meaning'
import { author, reason, Score, Target, ToRows, type Behind } from './parts'
import { ScoreCharts } from './ScoreCharts'
import { ScoreModal } from './ScoreModal'

const DIMENSIONS = [
  { value: 'source', label: 'Source' },
  { value: 'evaluator', label: 'Evaluator' },
  { value: 'model', label: 'Model' },
  { value: 'prompt', label: 'Prompt' },
  { value: 'agent', label: 'Agent' },
  { value: 'service', label: 'Service' },
]
const OWN = new Set(['source', 'evaluator'])

export function ScoreDetail({ of, live }: { of: Listed; live: number | false }) {
  const admin = useAdmin()
  const [editing, setEditing] = useState(false)
  const { definition, name, found } = of
  return (
    <section className="ev-detail" aria-label={`Score ${name}`}>
      <div className="ev-title">
        <h2>
          <Isolated text={name} />
        </h2>
        <span className="quiet">{definition ? inWords(definition) : 'not defined'}</span>
        <span className="grow" />
        {admin && (
          <Button leftSection={<Pencil size={12} aria-hidden />} onClick={() => setEditing(true)}>
            {definition ? 'Edit the definition' : 'Define it'}
          </Button>
        )}
      </div>
      {definition?.description && (
        <p className="quiet ev-about">
          <Isolated text={definition.description} />
        </p>
      )}
      {found ? (
        <>
          <div className="ev-charts">
            <ScoreCharts of={of} live={live} />
            <Distribution of={of} />
          </div>
          <By name={name} definition={definition} live={live} />
          <Worst of={of} />
        </>
      ) : (
        <p className="quiet">No evaluation of this name in this time.</p>
      )}
      {editing && <ScoreModal of={of} onClose={() => setEditing(false)} />}
    </section>
  )
}

function By(p: { name: string; definition: ScoreDefinition | null; live: number | false }) {
  const { scope, search, patch } = useView()
  const by = DIMENSIONS.some((d) => d.value === search.by) ? search.by! : 'source'
  const q = [printFilter([is('name', p.name)]), scope.q].filter(Boolean).join(' ')
  const query = useQuery({ ...summaryQuery({ ...scope, q }, by), refetchInterval: p.live })
  const label = DIMENSIONS.find((d) => d.value === by)!.label
  const rows = query.data?.rows ?? []
  return (
    <section>
      <div className="ev-title">
        <h3 className="sr-only">By {label}</h3>
        <div className="ev-dimensions">
          <SegmentedControl
            aria-label="Evaluations by"
            value={by}
            onChange={(value) => patch({ by: value === 'source' ? undefined : value }, true)}
            data={DIMENSIONS}
          />
        </div>
        <span className="grow" />
        <ExportMenu
          what="evaluations"
          scope={{ ...scope, q }}
          disabled={rows.length === 0}
          shown={{
            label: 'CSV of this table',
            save: () => downloadText('evaluations.csv', 'text/csv', csvOf(by, rows)),
          }}
        />
      </div>
      {unanswered(query, 4, 'Loading the table') ?? (
        <div
          className="ev-wide"
          role="region"
          aria-label={`Evaluations by ${label.toLowerCase()}`}
          tabIndex={0}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">{label}</th>
                <th scope="col" className="num">
                  Evaluations
                </th>
                <th scope="col" className="num">
                  Mean
                </th>
                <th scope="col" className="num">
                  Lowest
                </th>
                <th scope="col" className="num">
                  Highest
                </th>
                <th scope="col" className="num">
                  Passed
                </th>
                <th scope="col">Most said</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <Group key={row.value} by={by} row={row} definition={p.definition} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Group({
  by,
  row,
  definition,
}: {
  by: string
  row: EvaluationSummaryRow
  definition: ScoreDefinition | null
}) {
  const named = printFilter([is('name', row.name)])
  const own: Term = row.value ? is(by, row.value) : { negated: true, key: by, op: 'exists', values: [] }
  const behind: Behind = OWN.has(by)
    ? { q: `${named} ${printFilter([own])}` }
    : { q: named, span_key: by, span_value: row.value }
  const bad = failing(definition)
  const score = (value: number | null, sort: 'score' | '-score') =>
    value === null ? (
      <span className="quiet">–</span>
    ) : (
      <ToRows behind={{ ...behind, sort }}>{number(value)}</ToRows>
    )
  return (
    <tr>
      <td title={row.value.slice(0, 1000)}>
        <ToRows behind={behind}>
          {row.value ? (
            <Isolated text={row.value.slice(0, 120)} />
          ) : (
            <span className="quiet">none named</span>
          )}
        </ToRows>
      </td>
      <td className="num">
        <ToRows behind={behind}>
          <span title={count(row.count)}>{compact(row.count)}</span>
        </ToRows>
      </td>
      <td className="num">
        {row.avg_score === null ? <span className="quiet">–</span> : number(row.avg_score)}
      </td>
      <td className="num">{score(row.min_score, 'score')}</td>
      <td className="num">{score(row.max_score, '-score')}</td>
      <td className="num">
        {row.judged ? (
          <ToRows behind={bad ? { ...behind, q: `${behind.q} ${bad}` } : behind}>
            {percent(row.passed / row.judged)}
          </ToRows>
        ) : (
          <span className="quiet">–</span>
        )}
      </td>
      <td className="cut">
        {row.labels.slice(0, 3).map((one, i) => (
          <span key={one.label}>
            {i > 0 && ', '}
            <Isolated text={one.label.slice(0, 60)} /> <span className="unit">{compact(one.count)}</span>
          </span>
        ))}
      </td>
    </tr>
  )
}

/** A few of the worst, or where there are no numbers of the newest. */
function Worst({ of }: { of: Listed }) {
  const { scope } = useView()
  const scored = (of.found?.scored ?? 0) > 0
  const named = printFilter([is('name', of.name)])
  const sort = scored ? worstFirst(of.definition) : '-time'
  const bad = scored ? '' : failing(of.definition)
  const q = [named, bad, scope.q].filter(Boolean).join(' ')
  const query = useInfiniteQuery(evaluationsQuery({ ...scope, q }, sort, undefined, 8))
  const rows = query.data?.pages[0]?.rows ?? []
  const title = scored
    ? sort === 'score'
      ? 'Lowest first'
      : 'Highest first'
    : bad
      ? 'Newest that do not pass'
      : 'Newest'
  return (
    <section>
      <div className="ev-title">
        <h3>{title}</h3>
        <ToRows behind={{ q: [named, bad].filter(Boolean).join(' '), sort: scored ? sort : undefined }}>
          All
        </ToRows>
      </div>
      {unanswered(query, 4, 'Loading evaluations') ?? (
        <div className="ev-wide" role="region" aria-label={title} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Score</th>
                <th scope="col">Of</th>
                <th scope="col">Why</th>
                <th scope="col">By</th>
                <th scope="col" className="num">
                  When
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.evaluation_id}>
                  <td>
                    <Score row={row} definition={of.definition} />
                  </td>
                  <td>
                    <Target row={row} />
                  </td>
                  <td className="ev-why cut" title={reason(row).slice(0, 1000)}>
                    <Isolated text={reason(row).slice(0, 300)} />
                  </td>
                  <td className="cut">
                    <Isolated text={author(row).slice(0, 80)} />
                  </td>
                  <td className="num">
                    <RelativeTime iso={row.time} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

const SAVED = [
  'count',
  'scored',
  'avg_score',
  'min_score',
  'max_score',
  'judged',
  'passed',
  'flagged',
] as const
const csvOf = (by: string, rows: EvaluationSummaryRow[]): string =>
  [['name', by, ...SAVED], ...rows.map((row) => [row.name, row.value, ...SAVED.map((key) => row[key])])]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\r\n')
