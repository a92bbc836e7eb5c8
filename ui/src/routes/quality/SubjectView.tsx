import { SegmentedControl, Select, TextInput } from '@mantine/core'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { AlertTriangle } from 'lucide-react'
import { useMemo, type ReactNode } from 'react'
import {
  ALL_ROWS,
  distancesQuery,
  findingsQuery,
  ownerOf,
  schemasQuery,
  statisticsQuery,
  subjectsQuery,
  validationQuery,
  type Subject,
} from '@/api/qualityQueries'
import type { StatisticsSubject, Validation } from '@/api/types'
import { Crumb } from '@/kit/Crumb'
import { counted } from '@/kit/format'
import { useNow } from '@/kit/hooks'
import { Isolated } from '@/kit/Isolated'
import { LongerTimes } from '@/kit/NothingFound'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows, unanswered } from '@/kit/states'
import { useView } from '@/kit/view'
import { FindingBanner } from './FindingBanner'
import { FindingsView } from './FindingsView'
import { filterOf, withFindings } from './findings'
import { useLive } from './useLive'
import { FeatureDrawer } from './FeatureDrawer'
import { FeatureGrid } from './FeatureGrid'
import { rowsOf, sent, sorted } from './features'
import { Findings } from './Findings'
import { NoSchema, SchemaView } from './SchemaView'
import { Legend } from './Shapes'
import { baseChoice, baseOf, subjectKey, subjectOf, subjectText } from './subject'

const MINUTE = 60_000
/** As the server is told that no environment is meant. */
const EVERYWHERE = '*'

/** One data set or model: its features beside a baseline and the schema in force. */
export function SubjectView() {
  const { scope, search, patch } = useView()
  const subject = useMemo(() => subjectOf(search, scope), [search, scope])
  const owner = ownerOf(subject)
  const there = useQuery(subjectsQuery(scope.project))
  const schemas = useQuery(schemasQuery(scope.project))
  const schema = schemas.data?.rows.find((one) => one.kind === owner.kind && one.name === owner.name)
  const every = useLive()
  const judged = useQuery({
    ...validationQuery(subject, search.env),
    enabled: !!schema,
    refetchInterval: subject.model ? every : false,
  })
  const live = useQuery({
    ...findingsQuery({ ...scope, q: filterOf(subject.model, subject.version) }),
    enabled: !!subject.model,
    refetchInterval: every,
  })
  const told = useMemo(
    () => judged.data && withFindings(judged.data, live.data?.rows ?? []),
    [judged.data, live.data],
  )
  const view = search.view ?? 'features'
  const tabs = (
    <SegmentedControl
      aria-label="Show"
      value={view}
      onChange={(value) =>
        patch({
          view: value === 'features' ? undefined : value,
          sel: undefined,
          version: undefined,
          against: undefined,
        })
      }
      data={[
        { value: 'features', label: 'Features' },
        ...(subject.model ? [{ value: 'findings', label: 'Findings' }] : []),
        { value: 'schema', label: 'Schema' },
      ]}
    />
  )
  return (
    <Page
      title={subjectText(subject)}
      heading={
        <div className="k-band">
          <div className="row">
            <Crumb to="/data-quality" label="Data quality" />
            <h1 className="k-title cut" title={subjectText(subject)}>
              <Isolated text={subjectText(subject)} />
            </h1>
          </div>
          <p className="dq-facts">
            {told && <Findings of={told} />}
            {schemas.data && (
              <span className="quiet">{schema ? `schema version ${schema.version}` : 'no schema'}</span>
            )}
          </p>
        </div>
      }
    >
      {view === 'features' && <FindingBanner rows={live.data?.rows ?? []} />}
      {view === 'findings' && subject.model ? (
        <FindingsView subject={subject} schemas={schemas.data?.rows ?? []} tabs={tabs} />
      ) : view === 'schema' ? (
        <>
          <div className="k-toolbar">{tabs}</div>
          {unanswered(schemas, 12, 'Loading the schema') ??
            (schema ? <SchemaView subject={subject} /> : <NoSchema subject={subject} />)}
        </>
      ) : (
        (unanswered(there, 12, 'Loading what there is') ?? (
          <Features
            subject={subject}
            there={there.data!.rows}
            schema={schema?.version ?? 0}
            judged={judged}
            told={told}
            tabs={tabs}
          />
        ))
      )}
    </Page>
  )
}

function Features(p: {
  subject: Subject
  there: StatisticsSubject[]
  schema: number
  judged: UseQueryResult<Validation>
  told: Validation | undefined
  tabs: ReactNode
}) {
  const { search, patch } = useView()
  const { subject, there, judged } = p
  const minute = Math.floor(useNow() / MINUTE) * MINUTE
  const choice = baseChoice(search.base, subject, there)
  const base = useMemo(() => baseOf(choice, subject, minute), [choice, subject, minute])
  const now = useQuery(statisticsQuery(subject))
  const then = useQuery({ ...statisticsQuery(base ?? subject), enabled: !!base })
  const far = useQuery({ ...distancesQuery(subject, base ?? subject), enabled: !!base && then.isSuccess })
  const before = base && then.isSuccess ? then.data : undefined
  const rows = useMemo(() => {
    const found = rowsOf(now.data, before, (before && far.data?.rows) ?? [], p.told?.anomalies ?? [])
    return subject.model ? sent(found) : found
  }, [now.data, before, far.data, p.told, subject.model])
  const sort = search.sort ?? '-wrong'
  const shown = useMemo(() => sorted(rows, sort, search.find ?? ''), [rows, sort, search.find])
  const selected = rows.find((row) => row.name === search.sel)
  const slices = there.find((one) => subjectKey(one) === subjectKey(subject))?.slices ?? []
  const missing = now.isError && (now.error as { status?: number }).status === 404
  return (
    <>
      <div className="k-toolbar dq-toolbar">
        {p.tabs}
        <TextInput
          aria-label="Find a feature"
          placeholder="Find a feature"
          w={150}
          value={search.find ?? ''}
          onChange={(event) => patch({ find: event.currentTarget.value || undefined }, true)}
        />
        <Select
          aria-label="Baseline"
          w={200}
          allowDeselect={false}
          searchable
          value={choice}
          data={bases(subject, there)}
          onChange={(value) => patch({ base: value ?? undefined })}
        />
        {slices.length > 1 && (
          <Select
            aria-label="Slice"
            w={170}
            allowDeselect={false}
            value={subject.slice}
            data={slices}
            onChange={(value) => patch({ slice: value === ALL_ROWS ? undefined : (value ?? undefined) })}
          />
        )}
        {judged.data && judged.data.environments.length > 0 && (
          <Select
            aria-label="Environment"
            w={150}
            allowDeselect={false}
            value={judged.data.environment ?? EVERYWHERE}
            data={[
              ...judged.data.environments.map((name) => ({ value: name, label: `as ${name}` })),
              { value: EVERYWHERE, label: 'every feature' },
            ]}
            onChange={(value) => patch({ env: value ?? undefined })}
          />
        )}
        {before && <Legend />}
        <span className="quiet grow" role="status">
          {now.data && `${counted(now.data.rows, 'row')}, ${counted(shown.length, 'feature')}`}
          {now.data && base && then.isError && '; no statistics of the baseline in its time'}
        </span>
      </div>
      {judged.data?.dataset.map((reason) => (
        <p key={reason.type} className="dq-banner dq-wrong">
          <AlertTriangle size={13} aria-label="error" /> <Isolated text={reason.description} />
        </p>
      ))}
      {judged.isError && !missing && <Failure error={judged.error} retry={() => void judged.refetch()} />}
      {now.isPending ? (
        <SkeletonRows label="Loading the features" />
      ) : missing ? (
        <Empty title={now.error!.message} actions={<LongerTimes />}>
          <p>
            Of a data set somebody keeps them; of a model they are counted from its predictions, and what is
            wrong with those is told at once, under Findings.
          </p>
        </Empty>
      ) : now.isError && !now.data ? (
        <Failure error={now.error} retry={() => void now.refetch()} />
      ) : (
        <div className="k-body">
          <div className="k-rows">
            {shown.length === 0 ? (
              <Empty title={`No feature has “${search.find ?? ''}” in its name`} />
            ) : (
              <FeatureGrid
                rows={shown}
                sort={sort}
                selected={search.sel}
                onSort={(next) => patch({ sort: next }, true)}
                onSelect={(row) => patch({ sel: row.name }, true)}
              />
            )}
          </div>
          {selected && (
            <FeatureDrawer
              row={selected}
              subject={subject}
              schema={p.schema}
              environment={search.env}
              onClose={() => patch({ sel: undefined }, true)}
            />
          )}
        </div>
      )}
    </>
  )
}

function bases(subject: Subject, there: readonly StatisticsSubject[]) {
  const own = subjectKey(subject)
  return [
    ...(subject.model ? [{ value: 'before', label: 'against the time before' }] : []),
    { value: 'none', label: 'against nothing' },
    ...there
      .filter((one) => subjectKey(one) !== own)
      .map((one) => ({ value: subjectKey(one), label: `against ${subjectText(one)}` })),
  ]
}
