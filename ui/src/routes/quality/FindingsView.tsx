import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { AlertTriangle, Check } from 'lucide-react'
import { useMemo, type ReactNode } from 'react'
import { findingsQuery, type Subject } from '@/api/qualityQueries'
import type { DataSchemaRow, Finding } from '@/api/types'
import { DataTable, type Column } from '@/kit/DataTable'
import { ExportMenu } from '@/kit/ExportMenu'
import { is, printTerm } from '@/kit/filter'
import { count, counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { LongerTimes, useWhen } from '@/kit/NothingFound'
import { Empty, unanswered } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { filterOf, findingKey } from './findings'
import { FindingDrawer } from './FindingDrawer'
import { FindingsOverTime } from './FindingsOverTime'
import { useLive } from './useLive'

const ROW = 40

const COLUMNS: Column<Finding>[] = [
  {
    id: 'feature',
    header: 'Feature',
    width: 120,
    grow: 2,
    render: (r) => (
      <span className="dq-two">
        <b className="cut" title={r.feature}>
          <Isolated text={r.feature} />
        </b>
        <span className="quiet cut">
          {r.version ? <Isolated text={`version ${r.version}`} /> : 'no version'}
        </span>
      </span>
    ),
  },
  {
    id: 'what',
    header: 'What is wrong',
    width: 130,
    grow: 5,
    render: (r) => (
      <span className="dq-two">
        <span className={`cut dq-wrong ${r.severity === 'ERROR' ? '' : 'warn'}`}>
          <AlertTriangle size={12} aria-label={r.severity === 'ERROR' ? 'error' : 'warning'} />{' '}
          <Isolated text={r.short} />
        </span>
        <span className="cut quiet" title={r.evidence}>
          <Isolated text={r.evidence} />
        </span>
      </span>
    ),
  },
  {
    id: 'rows',
    header: 'Predictions',
    width: 92,
    align: 'right',
    render: (r) => (
      <span className="dq-two">
        <span>{count(r.rows)}</span>
        <span className="quiet">of {count(r.examples)}</span>
      </span>
    ),
  },
  {
    id: 'first',
    header: 'First',
    width: 84,
    align: 'right',
    priority: 3,
    render: (r) => <RelativeTime iso={r.first_seen} />,
  },
  {
    id: 'last',
    header: 'Last',
    width: 84,
    align: 'right',
    priority: 1,
    render: (r) => <RelativeTime iso={r.last_seen} />,
  },
  {
    id: 'now',
    header: 'Now',
    width: 60,
    priority: 2,
    render: (r) =>
      r.current ? <span className="dq-wrong">wrong</span> : <span className="quiet">over</span>,
  },
]

const MODEL: Column<Finding> = {
  id: 'model',
  header: 'Model',
  width: 84,
  grow: 1,
  priority: 4,
  render: (r) => (
    <span className="cut" title={r.subject}>
      <Isolated text={r.subject} />
    </span>
  ),
}

/** What was found in predictions as they came: over time, each thing once, and the rows behind it. */
export function FindingsView(p: { subject: Subject; schemas: readonly DataSchemaRow[]; tabs: ReactNode }) {
  const { scope, search, patch } = useView()
  const { subject } = p
  const of = { ...scope, q: filterOf(subject.model, subject.version) }
  const query = useQuery({ ...findingsQuery(of), refetchInterval: useLive() })
  const all = query.data?.rows ?? []
  const find = search.find?.toLowerCase() ?? ''
  const rows = all.filter((row) => row.feature.toLowerCase().includes(find))
  const named = rows.some((row) => row.feature === search.find) && printTerm(is('feature', search.find!))
  const shown = named ? { ...of, q: [of.q, named].filter(Boolean).join(' ') } : of
  const looked = query.data?.looked.reduce((sum, one) => sum + one.examples, 0) ?? 0
  const selected = rows.find((row) => findingKey(row) === search.sel)
  const schemaOf = (model: string) =>
    p.schemas.find((one) => one.kind === 'model' && one.name === model)?.version ?? 0
  const columns = useMemo(() => (subject.model ? COLUMNS : [MODEL, ...COLUMNS]), [subject.model])
  return (
    <>
      <div className="k-toolbar dq-toolbar">
        {p.tabs}
        {(all.length > 0 || find) && (
          <TextInput
            aria-label="Find a feature"
            placeholder="Find a feature"
            w={150}
            value={search.find ?? ''}
            onChange={(event) => patch({ find: event.currentTarget.value || undefined }, true)}
          />
        )}
        <span className="quiet grow" role="status">
          {query.data && rows.length > 0 && counted(rows.length, 'finding', query.data.more)}
        </span>
        <ExportMenu
          what="findings"
          scope={shown}
          disabled={rows.length === 0}
          about="Of every window of five minutes"
        />
      </div>
      {unanswered(query, 12, 'Loading the findings') ??
        (looked === 0 && all.length === 0 ? (
          <NotLooked schema={subject.model ? schemaOf(subject.model) : p.schemas.length} />
        ) : (
          <>
            <FindingsOverTime scope={shown} />
            <div className="k-body">
              <div className="k-rows">
                {all.length > 0 && rows.length === 0 ? (
                  <Empty
                    title={`Nothing is wrong with a feature that has “${search.find ?? ''}” in its name`}
                  />
                ) : rows.length === 0 ? (
                  <Empty title="As the schema says">
                    <p>
                      <Check size={13} aria-hidden /> Nothing differs in {counted(looked, 'prediction')} that
                      came in this time.
                    </p>
                  </Empty>
                ) : (
                  <DataTable
                    label="Findings"
                    columns={columns}
                    rows={rows}
                    rowKey={findingKey}
                    rowHeight={ROW}
                    selected={search.sel}
                    onSelect={(row) => patch({ sel: findingKey(row) }, true)}
                    tone={(row) => (row.current && row.severity === 'ERROR' ? 'error' : '')}
                  />
                )}
              </div>
              {selected && (
                <FindingDrawer
                  key={search.sel}
                  row={selected}
                  subject={{ ...subject, model: selected.subject }}
                  schema={schemaOf(selected.subject)}
                  onClose={() => patch({ sel: undefined }, true)}
                />
              )}
            </div>
          </>
        ))}
    </>
  )
}

function NotLooked({ schema }: { schema: number }) {
  const when = useWhen()
  if (!schema)
    return (
      <Empty title="No schema yet: nothing says what these predictions should be like">
        <p>
          With one, predictions are held against it within seconds of their arrival. Make it under Schema.
        </p>
      </Empty>
    )
  return (
    <Empty title={`No predictions were held against the schema (${when})`} actions={<LongerTimes />}>
      <p>
        Predictions are looked at within seconds of their arrival, by their own time. Those that come more
        than a day late are not: <span className="mono">tapetum schema check</span> does that.
      </p>
    </Empty>
  )
}
