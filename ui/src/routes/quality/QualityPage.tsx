import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import {
  ALL_ROWS,
  findingsQuery,
  ownerOf,
  schemasQuery,
  subjectsQuery,
  validationQuery,
  type Subject,
} from '@/api/qualityQueries'
import type { DataSchemaRow, Finding, StatisticsSubject } from '@/api/types'
import { answered } from '@/kit/answered'
import { DataTable, type Column } from '@/kit/DataTable'
import { count, counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Page } from '@/kit/Page'
import { Empty, SkeletonRows, Snippet, unanswered } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { FindingBanner } from './FindingBanner'
import { Findings } from './Findings'
import { withFindings } from './findings'
import { FindingsOverTime } from './FindingsOverTime'
import { FindingsView } from './FindingsView'
import { useLive } from './useLive'
import { lastOf, shellWord, subjectKey, subjectOf, subjectText } from './subject'
import { SubjectView } from './SubjectView'
import './quality.css'

/** Predictions are counted an hour at a time: the last hour alone would hold none. */
const LONG_ENOUGH = 'now-7d'

export function QualityPage() {
  const { search } = useView()
  return search.dataset || search.model ? <SubjectView /> : search.view === 'findings' ? <Every /> : <List />
}

interface Listed extends StatisticsSubject {
  schema: DataSchemaRow | undefined
  findings: Finding[]
}

/** Predictions that fill no whole hour are looked at, and their statistics are not kept yet. */
const counting = (row: Listed, n: number) =>
  row.model && !row.windows ? (
    <span className="quiet" title="Statistics of predictions are kept by whole hours">
      –
    </span>
  ) : (
    count(n)
  )

const COLUMNS: Column<Listed>[] = [
  {
    id: 'name',
    header: 'Data set or model',
    width: 130,
    grow: 3,
    render: (r) => (
      <b className="cut" title={subjectText(r)}>
        <Isolated text={subjectText(r)} />
      </b>
    ),
  },
  {
    id: 'kind',
    header: 'Kind',
    width: 64,
    priority: 5,
    render: (r) => <span className="quiet">{r.dataset ? 'data set' : 'model'}</span>,
  },
  { id: 'rows', header: 'Rows', width: 84, align: 'right', priority: 1, render: (r) => counting(r, r.rows) },
  {
    id: 'features',
    header: 'Features',
    width: 64,
    align: 'right',
    priority: 3,
    render: (r) => count(r.features),
  },
  {
    id: 'windows',
    header: 'Windows',
    width: 64,
    align: 'right',
    priority: 6,
    render: (r) => counting(r, r.windows),
  },
  {
    id: 'last',
    header: 'Last',
    width: 84,
    align: 'right',
    priority: 2,
    render: (r) => <RelativeTime iso={lastOf(r)} />,
  },
  {
    id: 'schema',
    header: 'Schema',
    width: 76,
    priority: 4,
    render: (r) => (r.schema ? `version ${r.schema.version}` : <span className="quiet">none</span>),
  },
  {
    id: 'wrong',
    header: 'Anomalies',
    width: 190,
    grow: 1,
    render: (r) => (r.schema ? <Judged row={r} /> : <span className="quiet">not validated</span>),
  },
]

/** What the schema in force says of one row; asked for the rows that are in sight. */
function Judged({ row }: { row: Listed }) {
  const { scope, search } = useView()
  const subject: Subject = {
    project: scope.project,
    dataset: row.dataset,
    model: row.model,
    version: row.version,
    slice: ALL_ROWS,
    from: search.from ?? LONG_ENOUGH,
    to: scope.to,
  }
  const found = useQuery(validationQuery(subject))
  if (found.isPending) return <span className="quiet">…</span>
  if (found.isError)
    return (
      <span className="quiet" title={found.error.message}>
        nothing in this time
      </span>
    )
  return <Findings of={withFindings(found.data, row.findings)} />
}

function List() {
  const { scope, search, patch } = useView()
  const list = useQuery(subjectsQuery(scope.project))
  const schemas = useQuery(schemasQuery(scope.project))
  const open = useCallback(
    (row: Listed) =>
      patch({
        dataset: row.dataset || undefined,
        model: row.model || undefined,
        model_version: row.version || undefined,
        from: search.from ?? (row.model ? LONG_ENOUGH : undefined),
      }),
    [patch, search.from],
  )
  const known = list.data?.rows ?? []
  const rows = [...known, ...withoutStatistics(known, schemas.data?.rows ?? [])]
  const all = { ...scope, q: '' }
  const live = useQuery({ ...findingsQuery(all), refetchInterval: useLive() })
  const looked = (live.data?.looked.length ?? 0) > 0
  // What is wrong now, and since when, stands above the list and would push it away when it comes.
  const above = answered(live)
  return (
    <Page title="Data quality">
      <div className="k-toolbar">
        <Tabs />
        <span className="quiet" role="status">
          {known.length > 0
            ? `Statistics of ${counted(known.filter((row) => row.dataset).length, 'data set')} and ${counted(known.filter((row) => row.model).length, 'model version')}`
            : ''}
        </span>
      </div>
      <FindingBanner rows={live.data?.rows ?? []} named />
      {looked && <FindingsOverTime scope={all} />}
      {unanswered(list, 12, 'Loading data sets and models') ??
        unanswered(schemas, 12, 'Loading schemas') ??
        (!above ? (
          <SkeletonRows label="Looking for anomalies" />
        ) : rows.length === 0 ? (
          <Nothing />
        ) : (
          <DataTable
            label="Data sets and models"
            columns={COLUMNS}
            rows={rows.map((row) => ({
              ...row,
              schema: schemaOf(row, schemas.data!.rows),
              findings: findingsOf(row, live.data?.rows ?? []),
            }))}
            rowKey={subjectKey}
            onSelect={open}
          />
        ))}
    </Page>
  )
}

function Tabs() {
  const { search, patch } = useView()
  return (
    <SegmentedControl
      aria-label="Show"
      value={search.view === 'findings' ? 'findings' : 'subjects'}
      onChange={(view) => patch({ view: view === 'findings' ? view : undefined, sel: undefined })}
      data={[
        { value: 'subjects', label: 'Data sets and models' },
        { value: 'findings', label: 'Findings' },
      ]}
    />
  )
}

/** What is wrong with the predictions of any model. */
function Every() {
  const { search, scope } = useView()
  const schemas = useQuery(schemasQuery(scope.project))
  return (
    <Page title="Data quality">
      <FindingsView subject={subjectOf(search, scope)} schemas={schemas.data?.rows ?? []} tabs={<Tabs />} />
    </Page>
  )
}

const findingsOf = (row: StatisticsSubject, findings: readonly Finding[]) =>
  row.model
    ? findings.filter((one) => one.subject === row.model && (!row.version || one.version === row.version))
    : []

/** Models that a schema is kept of, and whose predictions fill no whole hour yet. */
const withoutStatistics = (
  known: readonly StatisticsSubject[],
  schemas: readonly DataSchemaRow[],
): StatisticsSubject[] =>
  schemas
    .filter((one) => one.kind === 'model' && !known.some((row) => row.model === one.name))
    .map((one) => ({
      dataset: '',
      model: one.name,
      version: '',
      slices: [],
      window_start: null,
      window_end: null,
      windows: 0,
      features: one.features,
      rows: 0,
      ingested_at: one.created_at,
    }))

const schemaOf = (row: StatisticsSubject, schemas: readonly DataSchemaRow[]) => {
  const { kind, name } = ownerOf(row)
  return schemas.find((one) => one.kind === kind && one.name === name)
}

function Nothing() {
  const { scope } = useView()
  const into = scope.project === 'default' ? '' : ` --project ${shellWord(scope.project)}`
  return (
    <div className="k-scroll">
      <Empty title={`No feature statistics in project ${scope.project} yet`}>
        <p>Those of a file, kept as a data set:</p>
        <Snippet label="statistics of a file" text={`tapetum stats data.parquet --keep census${into}`} />
        <p>Those that TensorFlow Data Validation made, with its splits:</p>
        <Snippet
          label="statistics of TFDV"
          text={`tapetum import tfdv pipeline/StatisticsGen/statistics/5 --dataset census${into}`}
        />
        <p>
          Models need nothing: their <b>predictions</b> are counted by themselves.
        </p>
        <p>
          Then say what the data should be like, and what differs is told here by name, of predictions within
          seconds:
        </p>
        <Snippet
          label="a schema"
          text={`tapetum schema infer train.parquet -o schema.pbtxt\ntapetum schema push census schema.pbtxt --dataset${into}\ntapetum schema push MODEL schema.pbtxt${into}`}
        />
      </Empty>
    </div>
  )
}
