import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useMemo, type ReactNode } from 'react'
import { ApiError } from '@/api/client'
import { driftQuery, modelQuery } from '@/api/modelQueries'
import { subjectsQuery } from '@/api/qualityQueries'
import type { DriftFeature, DriftReport, ModelDetail } from '@/api/types'
import { ChangedThen } from '@/kit/ChangedThen'
import { DataTable, type Column } from '@/kit/DataTable'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Failure, NotEnoughData, unanswered } from '@/kit/states'
import { isoToMs, resolve } from '@/kit/time'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { Against } from './Against'
import { Legend, SmallBars } from './Bars'
import { heldAgainstData, useHeld, type Held } from './baseline'
import { driftAsked } from './driftAsked'
import { DriftDrawer } from './DriftDrawer'
import { DriftSettings } from './DriftSettings'
import { TogetherList, useTogether } from './DriftTogether'
import { isTime, movedText, readFrom, sentence, telling, VERDICTS } from './driftWords'
import { figure } from './measures'

const ROW = 34
const ORDER: Record<string, (one: DriftFeature) => number | string> = {
  score: (one) => one.score,
  name: (one) => one.name,
  effect: (one) => Math.abs(one.effect?.value ?? 0),
}

const COLUMNS: Column<DriftFeature>[] = [
  {
    id: 'name',
    header: 'Column',
    width: 110,
    grow: 2,
    sort: { asc: 'name', desc: '-name' },
    render: (one) => (
      <b title={one.name}>
        <Isolated text={one.name} />
      </b>
    ),
  },
  { id: 'verdict', header: 'Verdict', width: 76, render: (one) => <Verdict of={one} /> },
  {
    id: 'bars',
    header: 'Distribution',
    width: 124,
    priority: 2,
    render: (one) => <SmallBars feature={one} />,
  },
  {
    id: 'distance',
    header: 'Of threshold',
    width: 88,
    align: 'right',
    priority: 1,
    sort: { desc: '-score', asc: 'score' },
    render: (one) => {
      const by = telling(one)
      if (!by?.threshold) return <span className="quiet">–</span>
      return (
        <span title={`${by.method} ${figure(by.value)}, threshold ${figure(by.threshold)}`}>
          {(by.value / by.threshold).toFixed(1)} ×
        </span>
      )
    },
  },
  {
    id: 'effect',
    header: 'Effect',
    width: 76,
    align: 'right',
    priority: 4,
    sort: { desc: '-effect', asc: 'effect' },
    render: (one) =>
      one.effect ? (
        <span title={one.effect.name === 'cohens_d' ? 'Cohen’s d' : 'Cramér’s V'}>
          {one.effect.value.toFixed(2).replace('-0.00', '0.00')}
        </span>
      ) : (
        <span className="quiet">–</span>
      ),
  },
  {
    id: 'moved',
    header: 'What moved most',
    width: 150,
    grow: 3,
    priority: 3,
    render: (one) => (
      <span className="quiet">
        <Isolated text={movedText(one) || one.note || '–'} />
      </span>
    ),
  },
  {
    id: 'since',
    header: 'Since',
    width: 84,
    align: 'right',
    priority: 5,
    render: (one) => <Begun since={one.since} />,
  },
]
const rowKey = (one: DriftFeature) => one.name

/** The chunk from which on it drifted: when it began, or its first prediction. */
function Begun({ since }: { since: string | null }) {
  if (!since) return <span className="quiet">–</span>
  return isTime(since) ? (
    <RelativeTime iso={since} />
  ) : (
    <span title="predictions of this time">{since.split(':')[0]}</span>
  )
}

export function Verdict({ of }: { of: DriftFeature }) {
  const tone = of.verdict === 'drift' ? 'warn' : of.verdict === 'no_drift' ? 'ok' : 'quiet'
  return <span className={`k-badge ${tone}`}>{VERDICTS[of.verdict]}</span>
}

/** How far this time's predictions are from those before, column by column. */
export function Drift(p: { model: string; tabs: ReactNode; detail: ModelDetail | undefined }) {
  const { model, tabs, detail } = p
  const { scope, search, patch } = useView()
  const earlier = useHeld(scope, search.base, search.version)
  const trained = heldAgainstData(scope, search.base, search.version)
  const held = trained ?? earlier
  const asked = driftAsked(search, held.window, detail?.rate_per_s)
  const query = useQuery({
    // Statistics are whole: which rows were in a slice is not known of them.
    ...driftQuery(held.window, model, { ...held.asked, ...asked, slice: trained ? undefined : search.by }),
    retry: false,
  })
  const multivariate = search.multi === '1' ? ['classifier', 'pca'] : undefined
  const beside = useTogether(model, held, { ...asked, slice: search.by, multivariate }, !trained)
  const features = useMemo(
    () => [...(query.data?.features ?? []), ...(beside.data?.features ?? []).filter((one) => one.of_text)],
    [query.data, beside.data],
  )
  const select = useCallback((one: DriftFeature) => patch({ sel: one.name }, true), [patch])
  const sort = search.sort ?? '-score'
  const rows = useMemo(() => {
    const by = ORDER[sort.replace(/^-/, '')] ?? ORDER.score!
    const sign = sort.startsWith('-') ? -1 : 1
    const said = features.filter((one) => one.baseline.values + one.window.values > 0)
    return said.toSorted((a, b) => {
      const [x, y] = [by(a), by(b)]
      return (x < y ? -1 : x > y ? 1 : 0) * sign || a.name.localeCompare(b.name)
    })
  }, [features, sort])
  const chosen = features.find((one) => one.name === search.sel)
  return (
    <div className="k-body">
      <div className="k-rows">
        <div className="k-toolbar">
          {tabs}
          <span className="grow" />
          <Against versions={detail?.versions ?? []} what="Against" datasets />
          <DriftSettings />
        </div>
        {(missing(query.error) && !query.data && <Missing model={model} held={held} />) ||
          (unanswered(query, 12, 'Comparing predictions') ?? (
            <>
              <Summary model={model} report={whole(query.data!, beside.data)} held={held} />
              <TogetherList
                rows={[...query.data!.together, ...(beside.data?.together ?? [])]}
                model={model}
                window={held.window}
              />
              {beside.isLoading && <p className="quiet mo-embed">Looking at texts and vectors …</p>}
              {beside.isError && <Failure error={beside.error} />}
              {query.data!.verdict === 'not_enough_data' ? (
                <TooFew model={model} report={query.data!} />
              ) : (
                <DataTable
                  label="Columns by drift"
                  columns={COLUMNS}
                  rows={rows}
                  rowKey={rowKey}
                  rowHeight={ROW}
                  selected={search.sel}
                  onSelect={select}
                  sort={sort}
                  onSort={(next) => patch({ sort: next }, true)}
                />
              )}
            </>
          ))}
      </div>
      {chosen && (
        <DriftDrawer
          model={model}
          feature={chosen}
          others={trained ? [] : features.filter((one) => one.kind === 'categorical').map((one) => one.name)}
          window={held.window}
          onClose={() => patch({ sel: undefined, by: undefined }, true)}
        />
      )}
    </div>
  )
}

const missing = (error: unknown) =>
  error instanceof ApiError && (error.status === 404 || error.code === 'no_baseline')

/** The columns one by one and what was asked beside them, as one report. */
function whole(report: DriftReport, beside: DriftReport | undefined): DriftReport {
  if (!beside || report.verdict === 'not_enough_data') return report
  return {
    ...report,
    verdict: beside.verdict === 'drift' ? 'drift' : report.verdict,
    compared:
      report.compared +
      beside.features.filter((one) => one.of_text && one.verdict !== 'not_enough_data').length,
    features: [...report.features, ...beside.features.filter((one) => one.of_text)],
  }
}

function Summary({ model, report, held }: { model: string; report: DriftReport; held: Held }) {
  return (
    <div className="mo-verdict">
      <p role="status">
        <b>
          <Isolated text={sentence(report)} />
        </b>{' '}
        <span className="quiet">
          {count(report.window_rows)} predictions, held against {count(report.baseline_rows)} of{' '}
          <Isolated text={held.words} />.
        </span>
      </p>
      <Next model={model} report={report} />
      <p className="quiet">
        <Legend />
        {readFrom(report) && <span title={readFrom(report)!.title}> {readFrom(report)!.words}</span>}
        {report.not_compared.length > 0 && (
          <span title={report.not_compared.map((one) => `${one.name}: ${one.reason}`).join('\n')}>
            {' '}
            {count(report.not_compared.length)} not compared
          </span>
        )}
        {report.new_columns.length > 0 && (
          <span>
            {' '}
            new since: <Isolated text={report.new_columns.slice(0, 5).join(', ')} />
          </span>
        )}
      </p>
    </div>
  )
}

/** From the verdict to what to look at: the column that moved most, what was changed, whether answers got worse. */
function Next({ model, report }: { model: string; report: DriftReport }) {
  const { search } = useView()
  const first = report.features.find((one) => one.verdict === 'drift')
  if (!first) return null
  const since = first.since && isTime(first.since) ? isoToMs(first.since) : null
  const chunks = first.chunks.map((one) => one.chunk).filter(isTime)
  const step = chunks.length > 1 ? isoToMs(chunks[1]!) - isoToMs(chunks[0]!) : 0
  return (
    <p>
      Next: see{' '}
      <Link to="." search={(old) => ({ ...old, sel: first.name })}>
        which values of <Isolated text={first.name.slice(0, 60)} /> moved
      </Link>
      , and{' '}
      <Link
        to="/models/one"
        search={{ ...travelling(search), name: model, version: search.version, view: 'slices' }}
      >
        whether answers got worse anywhere
      </Link>
      . {since !== null && <ChangedThen from={since} to={since + step} />}
    </p>
  )
}

function TooFew({ model, report }: { model: string; report: DriftReport }) {
  return (
    <NotEnoughData title="Too few predictions to tell drift from chance">
      <p>
        {count(report.window_rows)} predictions in this time, {count(report.baseline_rows)} in the baseline,
        or too few of them with values. Choose a longer time, or a baseline with more predictions.
      </p>
      <Half model={model} />
    </NotEnoughData>
  )
}

/** No predictions on one of the sides. */
export function Missing({ model, held }: { model: string; held: Held }) {
  return (
    <NotEnoughData title="Nothing to compare">
      <p>
        There are no predictions in this time, or none in the baseline: <Isolated text={held.words} />.
      </p>
      <Half model={model} />
    </NotEnoughData>
  )
}

/** What there is to compare with: its training data, or the older half of what it said itself. */
function Half({ model }: { model: string }) {
  const { scope, search, patch } = useView()
  const kept = useQuery(subjectsQuery(scope.project))
  // Not asked again where it failed: the page waits for the same answer, and would show this anew each time.
  const known = useQuery({ ...modelQuery(scope, model), retry: false, retryOnMount: false })
  const trained = kept.data?.rows.find((row) => row.dataset.startsWith(`${model}/`))?.dataset
  const first = known.data?.first_seen
  const younger = first !== undefined && isoToMs(first) > (resolve(scope.from, Date.now()) ?? Infinity)
  return (
    <div className="k-actions">
      {trained && search.view === 'drift' && search.base !== `data:${trained}` && (
        <Button variant="default" onClick={() => patch({ base: `data:${trained}` })}>
          Compare with its training data
        </Button>
      )}
      {(search.base !== 'half' || younger) && (
        <Button
          variant="default"
          onClick={() => patch({ base: 'half', ...(younger ? { from: first, to: undefined } : {}) })}
        >
          {younger
            ? 'Compare the newer half of its predictions with the older'
            : 'Compare with the first half of this time'}
        </Button>
      )}
      <Button variant="default" onClick={() => patch({ from: 'now-24h', to: undefined })}>
        Look at the last 24 hours
      </Button>
    </div>
  )
}
