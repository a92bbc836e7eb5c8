import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo, type MouseEvent, type ReactNode } from 'react'
import { modelsQuery } from '@/api/modelQueries'
import { infoQuery } from '@/api/queries'
import type { ModelRow } from '@/api/types'
import { DataTable, type Column } from '@/kit/DataTable'
import { ExportMenu } from '@/kit/ExportMenu'
import { FilterBar } from '@/kit/FilterBar'
import { count, counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { NothingFound } from '@/kit/NothingFound'
import { Outside } from '@/kit/Outside'
import { Explorer, Page } from '@/kit/Page'
import { Sparkline } from '@/kit/Sparkline'
import { Snippet, unanswered } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { Rate, Took } from '../services/measures'
import { Against, Found, Moved, Right } from './glance'
import { Coverage, Flagged, PREDICTION_KEYS } from './measures'
import './models.css'

const LIVE_MS = 10_000
const ORDER: Record<string, (row: ModelRow) => number | string> = {
  predictions: (r) => r.predictions,
  labels: (r) => r.label_coverage,
  flagged: (r) => r.flagged / r.predictions,
  p95: (r) => r.p95_ms ?? -1,
  seen: (r) => r.last_seen,
  model: (r) => r.model,
  drift: (r) => r.drift.distance ?? -1,
  findings: (r) => (r.findings ?? -1) + 1_000 * r.error_findings,
  // What is right least often is first, whether it was measured or promised; errors of numbers are no shares.
  performance: (r) =>
    r.performance === null ? 2 : r.performance.measure === 'accuracy' ? r.performance.value : 1.5,
}
const sortable = (key: string) => ({ desc: `-${key}`, asc: key })

/** A verdict leads to what it is about; the rest of the row to the model. */
function To(p: { model: string; view: 'performance' | 'drift' | 'findings'; children: ReactNode }) {
  const { search } = useView()
  const within = travelling(search)
  const stop = (event: MouseEvent) => event.stopPropagation()
  return p.view === 'findings' ? (
    <Link
      to="/data-quality"
      search={{ ...within, model: p.model, view: p.view }}
      className="mo-to"
      onClick={stop}
    >
      {p.children}
    </Link>
  ) : (
    <Link
      to="/models/one"
      search={{ ...within, name: p.model, view: p.view }}
      className="mo-to"
      onClick={stop}
    >
      {p.children}
    </Link>
  )
}

const COLUMNS: Column<ModelRow>[] = [
  {
    id: 'model',
    header: 'Model',
    width: 100,
    grow: 3,
    sort: sortable('model'),
    render: (r) => (
      <b>
        <Isolated text={r.model} />
      </b>
    ),
  },
  {
    id: 'rate',
    header: 'Rate',
    width: 96,
    priority: 2,
    align: 'right',
    sort: sortable('predictions'),
    render: (r) => (
      <span title={`${count(r.predictions)} predictions in this time`}>
        <Rate perSecond={r.rate_per_s} />
        <Against now={r.rate_per_s} before={r.before?.rate_per_s} what="predictions per second" />
      </span>
    ),
  },
  {
    id: 'rates',
    header: <span className="sr-only">Rate over time</span>,
    width: 84,
    priority: 6,
    render: (r) => <Sparkline label={`Rate of ${r.model}`} values={r.trend.rate_per_s} />,
  },
  {
    id: 'performance',
    header: 'Right',
    width: 112,
    align: 'right',
    sort: sortable('performance'),
    render: (r) => (
      <To model={r.model} view="performance">
        <Right of={r.performance} />
      </To>
    ),
  },
  {
    id: 'drift',
    header: <span title="Of scores or answers, against the time before">Drift</span>,
    width: 84,
    priority: 1,
    sort: sortable('drift'),
    render: (r) => (
      <To model={r.model} view="drift">
        <Moved of={r.drift} />
      </To>
    ),
  },
  {
    id: 'findings',
    header: 'Findings',
    width: 76,
    align: 'right',
    sort: sortable('findings'),
    render: (r) => (
      <To model={r.model} view="findings">
        <Found of={r} />
      </To>
    ),
  },
  {
    id: 'labels',
    header: 'Labels',
    width: 124,
    priority: 3,
    align: 'right',
    sort: sortable('labels'),
    render: (r) => <Coverage of={r} />,
  },
  {
    id: 'flagged',
    header: 'Odd scores',
    width: 84,
    priority: 7,
    align: 'right',
    sort: sortable('flagged'),
    render: (r) => <Flagged count={r.flagged} of={r.predictions} />,
  },
  {
    id: 'p95',
    header: 'p95',
    width: 96,
    priority: 5,
    align: 'right',
    sort: sortable('p95'),
    render: (r) => (
      <>
        <Took ms={r.p95_ms} />
        <Against now={r.p95_ms} before={r.before?.p95_ms} what="ms" />
      </>
    ),
  },
  {
    id: 'versions',
    header: 'Versions',
    width: 110,
    priority: 8,
    grow: 2,
    render: (r) => {
      const named = r.versions.filter(Boolean)
      return (
        <span className="quiet" title={named.join(', ')}>
          {named.length ? <Isolated text={named.join(', ')} /> : '–'}
        </span>
      )
    },
  },
  {
    id: 'seen',
    header: 'Last seen',
    width: 84,
    priority: 4,
    align: 'right',
    sort: sortable('seen'),
    render: (r) => <RelativeTime iso={r.last_seen} />,
  },
]

/** Every model that predicts, and how it does. */
export function ModelsPage() {
  const { scope, live, search, setQ, patch } = useView()
  const navigate = useNavigate()
  const query = useQuery({ ...modelsQuery(scope), refetchInterval: live ? LIVE_MS : false })
  const rows = useMemo(() => query.data?.rows ?? [], [query.data])
  const sort = search.sort ?? '-predictions'
  const sorted = useMemo(() => {
    const by = ORDER[sort.replace(/^-/, '')] ?? ORDER.predictions!
    const sign = sort.startsWith('-') ? -1 : 1
    return rows.toSorted((a, b) => {
      const [x, y] = [by(a), by(b)]
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.model.localeCompare(b.model)
    })
  }, [rows, sort])
  const open = useCallback(
    (row: ModelRow) =>
      void navigate({ to: '/models/one', search: { ...travelling(search), name: row.model } }),
    [navigate, search],
  )
  return (
    <Page title="Models">
      <Explorer
        filter={
          <FilterBar
            scope={scope}
            signal="predictions"
            keys={PREDICTION_KEYS}
            placeholder="Filter: version:3 age:>30 tags.region:eu labelled:true"
            onChange={setQ}
          />
        }
      >
        <div className="k-toolbar">
          <span className="quiet" role="status">
            {query.data
              ? query.data.total > rows.length
                ? `The ${count(rows.length)} most asked of ${count(query.data.total)} models: filter for others, model:name*`
                : counted(rows.length, 'model')
              : ''}
            {query.data && query.data.one_in > 1 && (
              <span title="Counts are of all predictions; labels, durations and answers of a sample of them">
                {' '}
                · labels and durations of one in {query.data.one_in}
              </span>
            )}
          </span>
          <span className="grow" />
          <ExportMenu what="predictions" scope={scope} disabled={rows.length === 0} />
        </div>
        <Outside signal="predictions" scope={scope} />
        {unanswered(query, 12, 'Loading models') ??
          (rows.length === 0 ? (
            <NoModels />
          ) : (
            <DataTable
              label="Models"
              columns={COLUMNS}
              rows={sorted}
              rowKey={keyOf}
              onSelect={open}
              sort={sort}
              onSort={(next) => patch({ sort: next }, true)}
            />
          ))}
      </Explorer>
    </Page>
  )
}

const keyOf = (row: ModelRow) => row.model

export function NoModels() {
  const { scope } = useView()
  const info = useQuery(infoQuery)
  const header = scope.project === 'default' ? '' : ` -H 'x-tapetum-project: ${scope.project}'`
  const url = info.data?.otlp_http ?? location.origin
  const send = (path: string, body: string) =>
    `curl ${url}/v1/${path} -H 'content-type: application/json'${header} -d '${body}'`
  return (
    <div className="k-scroll">
      <NothingFound what="models" filtering="predictions" filtered={!!scope.q}>
        <p>A model is here once it has sent a prediction:</p>
        <Snippet
          label="a prediction"
          text={send(
            'predictions',
            '{"model": "income", "version": "3", "prediction_id": "p-1", "features": {"age": 39, "job": "clerk"}, "output": 1, "score": 0.83}',
          )}
        />
        <p>and what was right, whenever that is known:</p>
        <Snippet
          label="a label"
          text={send('labels', '{"model": "income", "prediction_id": "p-1", "label": 1}')}
        />
        <p>Arrow, Parquet and lines of JSON go to the same doors, a million rows at once.</p>
      </NothingFound>
    </div>
  )
}
