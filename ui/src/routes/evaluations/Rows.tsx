/** The evaluations themselves: filtered, sorted, each with what it is about and why. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useCallback, useMemo, type ReactNode } from 'react'
import { evaluationsQuery, scoresQuery } from '@/api/evaluationQueries'
import type { EvaluationRow, ScoreDefinition } from '@/api/types'
import { DataTable, type Column } from '@/kit/DataTable'
import { Drawer } from '@/kit/Drawer'
import { ExportMenu } from '@/kit/ExportMenu'
import { counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Outside } from '@/kit/Outside'
import { Explorer } from '@/kit/Page'
import { unanswered } from '@/kit/states'
import { useFacets } from '@/kit/useFacets'
import { useRows } from '@/kit/useRows'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { Nothing } from './EvaluationsPage'
import { number } from './meaning'
import { author, reason, Score, Target } from './parts'

const DEFAULT_SORT = '-time'
const LIVE_MS = 5_000

export function Rows({ filter, tabs }: { filter: ReactNode; tabs: ReactNode }) {
  const { search, scope, live, patch } = useView()
  const navigate = useNavigate()
  const sort = search.sort ?? DEFAULT_SORT
  const of = search.span_key ? { key: search.span_key, value: search.span_value ?? '' } : undefined
  const list = useInfiniteQuery({
    ...evaluationsQuery(scope, sort, of),
    refetchInterval: live ? LIVE_MS : false,
  })
  const { rows, ...pages } = useRows(list)
  const { facets, show } = useFacets('evaluations')
  const definitions = useQuery(scoresQuery(scope.project))
  const columns = useMemo(() => columnsOf(definitions.data?.rows ?? []), [definitions.data])
  const select = useCallback((row: EvaluationRow) => patch({ sel: row.evaluation_id }, true), [patch])
  const follow = useCallback(
    (row: EvaluationRow) => {
      if (!row.trace_id) return
      void navigate({
        to: '/traces/$traceId',
        params: { traceId: row.trace_id },
        search: ((old: Record<string, unknown>) => ({
          project: old.project,
          from: old.from,
          to: old.to,
          span: row.span_id || undefined,
        })) as never,
      })
    },
    [navigate],
  )
  const chosen = rows.find((row) => row.evaluation_id === search.sel)
  return (
    <Explorer
      filter={filter}
      facets={facets}
      drawer={
        chosen && (
          <Whole
            row={chosen}
            definition={definitions.data?.rows.find((one) => one.name === chosen.name) ?? null}
            onClose={() => patch({ sel: undefined }, true)}
          />
        )
      }
    >
      <div className="k-toolbar">
        {show}
        {tabs}{' '}
        {of && (
          <span className="k-chip">
            <span className="cut">
              <span className="quiet">of spans with {of.key} </span>
              {of.value ? <Isolated text={of.value.slice(0, 120)} /> : 'that name none'}
            </span>
            <button
              type="button"
              className="plain k-chip-x"
              aria-label={`Remove ${of.key}`}
              onClick={() => patch({ span_key: undefined, span_value: undefined }, true)}
            >
              <X size={12} />
            </button>
          </span>
        )}
        <span className="quiet" role="status">
          {list.data ? counted(rows.length, 'evaluation', list.hasNextPage) : ''}
        </span>
        <span className="grow" />
        <ExportMenu
          what="evaluations"
          scope={scope}
          disabled={rows.length === 0}
          {...(of && { about: 'All of this filter and time, whatever span they are of' })}
        />
      </div>
      <Outside signal="evaluations" scope={scope} />
      {unanswered(list, 20, 'Loading evaluations') ??
        (rows.length === 0 ? (
          <Nothing />
        ) : (
          <DataTable
            label="Evaluations"
            columns={columns}
            rows={rows}
            rowKey={keyOf}
            selected={search.sel}
            onSelect={select}
            onOpen={follow}
            tone={toneOf}
            sort={sort}
            onSort={(next) => patch({ sort: next }, true)}
            {...pages}
          />
        ))}
    </Explorer>
  )
}

const keyOf = (row: EvaluationRow) => row.evaluation_id
const toneOf = (row: EvaluationRow) => (row.problem ? 'error' : '')

const columnsOf = (definitions: ScoreDefinition[]): Column<EvaluationRow>[] => {
  const defined = new Map(definitions.map((one) => [one.name, one]))
  return [
    {
      id: 'name',
      header: 'Score',
      width: 96,
      grow: 2,
      render: (row) => (
        <b>
          <Isolated text={row.name} />
        </b>
      ),
    },
    {
      id: 'score',
      header: 'Value',
      width: 80,
      sort: { asc: 'score', desc: '-score' },
      render: (row) => <Score row={row} definition={defined.get(row.name) ?? null} />,
    },
    {
      id: 'label',
      header: 'Label',
      width: 90,
      priority: 3,
      render: (row) => (row.label ? <Isolated text={row.label} /> : <span className="quiet">–</span>),
    },
    {
      id: 'why',
      header: 'Why',
      width: 160,
      grow: 6,
      priority: 1,
      render: (row) => (
        <span title={reason(row).slice(0, 1000)}>
          <Isolated text={reason(row)} />
        </span>
      ),
    },
    {
      id: 'of',
      header: 'Of',
      width: 56,
      render: (row) => <Target row={row} />,
    },
    {
      id: 'by',
      header: 'By',
      width: 120,
      grow: 1,
      priority: 2,
      render: (row) => <Isolated text={author(row)} />,
    },
    {
      id: 'time',
      header: 'When',
      width: 76,
      align: 'right',
      sort: { desc: '-time', asc: 'time' },
      render: (row) => <RelativeTime iso={row.time} />,
    },
  ]
}

/** All that one evaluation says. */
function Whole(p: { row: EvaluationRow; definition: ScoreDefinition | null; onClose: () => void }) {
  const { row } = p
  const facts: [string, string][] = [
    ['Label', row.label],
    ['Threshold', row.threshold == null ? '' : number(row.threshold)],
    ['Interval', row.lower == null && row.upper == null ? '' : `${row.lower ?? ''} to ${row.upper ?? ''}`],
    ['Slice', row.slice],
    ['By', author(row)],
    ['Found in', row.found_in],
    ['Problem', row.problem],
    ['As it was sent', row.raw],
    ['Response', row.response_id],
    ...Object.entries(row.attributes),
  ]
  const texts: [string, string][] = [
    ['Comment', row.comment],
    ['Explanation', row.explanation],
    ['What the answer should have been', row.expected_output],
  ]
  return (
    <Drawer label="Evaluation" title={<Isolated text={row.name} />} onClose={p.onClose}>
      <div className="k-scroll ev-whole" tabIndex={0} role="region" aria-label="Evaluation in full">
        <p className="row">
          <Score row={row} definition={p.definition} />
          <RelativeTime iso={row.time} />
          <Target row={row}>Open what it is about</Target>
        </p>
        {texts.map(
          ([title, text]) =>
            text && (
              <div key={title}>
                <h3>{title}</h3>
                <p className="ev-text">
                  <Isolated text={text} />
                </p>
              </div>
            ),
        )}
        {Object.keys(row.truncated).length > 0 && (
          <p className="quiet">Texts are cut here; the trace has them whole.</p>
        )}
        <dl>
          {facts.map(
            ([name, value], i) =>
              value && (
                <div key={i}>
                  <dt>{name}</dt>
                  <dd>
                    <Isolated text={value} />
                  </dd>
                </div>
              ),
          )}
        </dl>
      </div>
    </Drawer>
  )
}
