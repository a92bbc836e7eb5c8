/** The predictions of a model: filtered, sorted, each with what went in, what came out and what was right. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, type ReactNode } from 'react'
import { savedQuery } from '@/api/dashboardQueries'
import { predictionsQuery } from '@/api/modelQueries'
import type { PredictionRow } from '@/api/types'
import { DataTable, type Column } from '@/kit/DataTable'
import { ExportMenu } from '@/kit/ExportMenu'
import { FilterBar } from '@/kit/FilterBar'
import { counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Outside } from '@/kit/Outside'
import { PinMenu } from '@/kit/PinMenu'
import { Explorer } from '@/kit/Page'
import { unanswered } from '@/kit/states'
import { useFacets } from '@/kit/useFacets'
import { useRows } from '@/kit/useRows'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { figure, flagText, only, PREDICTION_KEYS, Said, valueText } from './measures'
import { NoModels } from './ModelsPage'
import { PredictionDrawer } from './PredictionDrawer'

const LIVE_MS = 5_000
const KEYS = PREDICTION_KEYS.filter((key) => key !== 'model')

const COLUMNS: Column<PredictionRow>[] = [
  {
    id: 'time',
    header: 'When',
    width: 84,
    sort: { desc: '-time', asc: 'time' },
    render: (row) => <RelativeTime iso={row.time} />,
  },
  {
    id: 'output',
    header: 'Output',
    width: 90,
    render: (row) => <Said word={row.output_label} number={row.output} />,
  },
  {
    id: 'score',
    header: 'Score',
    width: 84,
    align: 'right',
    sort: { desc: '-score', asc: 'score' },
    render: (row) =>
      row.flags.length ? (
        <span className="k-badge warn" title={flagText(row)}>
          {row.score === null ? 'odd' : figure(row.score)}
        </span>
      ) : row.score === null ? (
        <span className="quiet">–</span>
      ) : (
        figure(row.score)
      ),
  },
  {
    id: 'label',
    header: 'Label',
    width: 90,
    render: (row) =>
      row.labelled ? (
        <Said word={row.label} number={row.label_value} />
      ) : (
        <span className="quiet">not yet</span>
      ),
  },
  {
    id: 'features',
    header: 'Features',
    width: 160,
    grow: 6,
    priority: 1,
    render: (row) => {
      const said = Object.entries(row.features)
        .map(([name, value]) => `${name} ${valueText(value)}`)
        .join(' · ')
      return (
        <span className="mo-features" title={`${row.feature_count} features`}>
          <Isolated text={said} />
        </span>
      )
    },
  },
  {
    id: 'version',
    header: 'Version',
    width: 72,
    priority: 2,
    render: (row) => <span className="quiet">{row.version ? <Isolated text={row.version} /> : '–'}</span>,
  },
]
const keyOf = (row: PredictionRow) => row.prediction_id
const toneOf = () => ''

export function Predictions({ model, tabs }: { model: string; tabs: ReactNode }) {
  const { search, scope, live, setQ, patch } = useView()
  const navigate = useNavigate()
  const sort = search.sort ?? '-time'
  const of = { ...scope, q: [only(model), scope.q].filter(Boolean).join(' ') }
  const list = useInfiniteQuery({ ...predictionsQuery(of, sort), refetchInterval: live ? LIVE_MS : false })
  const { rows, ...pages } = useRows(list)
  // How many there are in all: what led here said a number.
  const asked = { kind: 'predictions' as const, q: of.q, measure: 'count' as const }
  const all = useQuery({
    ...savedQuery({ project: scope.project, query: asked, from: scope.from, to: scope.to, variables: {} }),
    enabled: list.hasNextPage,
    retry: false,
  })
  const total =
    list.hasNextPage && all.data
      ? all.data.series.flatMap((one) => one.points).reduce((sum, [, n]) => sum + (n ?? 0), 0)
      : undefined
  const { facets, show } = useFacets('predictions', only(model))
  const select = useCallback((row: PredictionRow) => patch({ sel: row.prediction_id }, true), [patch])
  const follow = useCallback(
    (row: PredictionRow) => {
      if (!row.trace_id) return
      void navigate({
        to: '/traces/$traceId',
        params: { traceId: row.trace_id },
        search: { project: search.project, span: row.span_id || undefined },
      })
    },
    [navigate, search.project],
  )
  return (
    <Explorer
      filter={
        <FilterBar
          scope={scope}
          signal="predictions"
          keys={KEYS}
          within={only(model)}
          placeholder="Filter: age:>30 label:1 -version:2 score:<0.5, or words"
          onChange={setQ}
        />
      }
      facets={facets}
      drawer={
        search.sel && (
          <PredictionDrawer model={model} id={search.sel} onClose={() => patch({ sel: undefined }, true)} />
        )
      }
    >
      <div className="k-toolbar">
        {show}
        {tabs}{' '}
        <span className="quiet" role="status">
          {list.data ? counted(total ?? rows.length, 'prediction', list.hasNextPage && !total) : ''}
        </span>
        <span className="grow" />
        <PinMenu
          small
          query={{ kind: 'predictions', q: of.q, measure: 'count' }}
          title={`Predictions of ${model}`}
        />
        <ExportMenu what="predictions" scope={of} disabled={rows.length === 0} />
      </div>
      <Outside signal="predictions" scope={of} />
      {unanswered(list, 20, 'Loading predictions') ??
        (rows.length === 0 ? (
          <NoModels />
        ) : (
          <DataTable
            label="Predictions"
            columns={COLUMNS}
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
