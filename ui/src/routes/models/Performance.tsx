import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { estimateQuery, performanceQuery, worstQuery } from '@/api/modelQueries'
import type { ModelDetail, PerformanceReport, WorstSlices } from '@/api/types'
import { count, roughly } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { NotEnoughData, unanswered } from '@/kit/states'
import { useView } from '@/kit/view'
import { percent } from '../services/measures'
import { Against } from './Against'
import { useHeld } from './baseline'
import { Decision } from './Decision'
import { ToPredictions } from './ToPredictions'
import { Evaluated } from './Evaluated'
import { ExpectedVersions } from './ExpectedVersions'
import { Classes, Gaps } from './Groups'
import { OverTime } from './PerformanceOverTime'
import { Calibration, ConfusionTable, PrecisionRecall, Roc } from './PerformancePlots'
import { badness, costsOf, metricName, metricText, sliceFilter, verdictOf, within } from './performanceWords'

/** How good the model is: by its labels, where it is worst, and as estimated before labels come. */
export function Performance({
  model,
  tabs,
  detail,
}: {
  model: string
  tabs: ReactNode
  detail: ModelDetail | undefined
}) {
  const { scope, search, patch } = useView()
  const held = useHeld(scope, search.base, search.version)
  const version = search.version ? { version: search.version } : {}
  const query = useQuery(
    performanceQuery(held.window, model, {
      ...version,
      slice: search.by,
      query_key: search.rank,
      costs: costsOf(search.worth)?.join(','),
    }),
  )
  const worst = useQuery({ ...worstQuery(held.window, model, version), retry: false })
  const estimate = useQuery({
    ...estimateQuery(held.window, model, {
      ...held.asked,
      weighted: search.weighed ? 'true' : undefined,
      costs: costsOf(search.worth)?.join(','),
    }),
    retry: false,
  })
  const of = { model, window: held.window, report: query.data! }
  const tried = {
    at: search.at,
    onTry: (threshold: number) => patch({ at: threshold === 0.5 ? undefined : String(threshold) }, true),
  }
  return (
    <>
      <div className="k-toolbar">
        {tabs}
        <span className="grow" />
        <Against versions={detail?.versions ?? []} what="Estimate from" />
      </div>
      {unanswered(query, 12, 'Measuring predictions') ?? (
        <div className="k-scroll mo-page" tabIndex={0} role="region" aria-label="Performance">
          <Summary report={query.data!} delay={detail} />
          {estimate.data && (
            <ExpectedVersions of={estimate.data.outcomes} model={model} window={held.window} />
          )}
          {worst.data && worst.data.slices.length > 0 && (
            <Worst model={model} window={held.window} found={worst.data} />
          )}
          {query.data!.metrics.length > 0 && <Metrics report={query.data!} />}
          <RankedWithin report={query.data!} />
          <OverTime
            model={model}
            window={held.window}
            report={query.data!}
            estimate={estimate.data}
            failed={estimate.error}
            learned={held.words}
          />
          <div className="mo-charts">
            {query.data!.confusion && <ConfusionTable {...of} />}
            {query.data!.calibration.length > 0 && <Calibration {...of} />}
            {query.data!.classes.length > 0 && (
              <Classes
                model={model}
                window={held.window}
                classes={query.data!.classes}
                more={query.data!.more_classes}
              />
            )}
            {query.data!.thresholds && <Decision {...of} table={query.data!.thresholds} />}
            {query.data!.thresholds && <Roc {...tried} table={query.data!.thresholds} />}
            {query.data!.thresholds && <PrecisionRecall {...tried} table={query.data!.thresholds} />}
          </div>
          {query.data!.metrics.length > 0 && (
            <section>
              <h2>
                By the values of{' '}
                <Select
                  aria-label="By the values of"
                  placeholder="a column"
                  className="mo-inline"
                  w={180}
                  clearable
                  searchable
                  data={query.data!.slice_columns}
                  value={search.by ?? null}
                  onChange={(by) => patch({ by: by ?? undefined }, true)}
                />
              </h2>
              <Slices report={query.data!} model={model} window={held.window} />
              <Gaps
                gaps={query.data!.gaps}
                model={model}
                window={held.window}
                column={query.data!.sliced_by}
              />
            </section>
          )}
          <Evaluated model={model} />
        </div>
      )}
    </>
  )
}

/** Of a model that ranks, the column within whose values; where it might, the offer to say so. */
function RankedWithin({ report }: { report: PerformanceReport }) {
  const { search, patch } = useView()
  if (!report.ranked_by && report.task !== 'regression') return null
  return (
    <p className="quiet">
      {report.ranked_by ? 'Predictions are ranked within ' : 'Does it rank? Then say within which column: '}
      <Select
        aria-label="Ranked within"
        placeholder="a column"
        className="mo-inline"
        w={180}
        clearable={Boolean(search.rank)}
        searchable
        data={report.slice_columns}
        value={report.ranked_by || null}
        onChange={(rank) => patch({ rank: rank ?? undefined }, true)}
      />
    </p>
  )
}

type Delay = Pick<ModelDetail, 'label_delay_p50_s' | 'label_delay_p95_s'>

function Summary({ report, delay }: { report: PerformanceReport; delay: Delay | undefined }) {
  if (!report.metrics.length) {
    return (
      <NotEnoughData
        title={report.labelled ? 'What labels say cannot be measured' : 'No labels in this time'}
      >
        <p>{report.why}</p>
        <p>
          {count(report.labelled)} of {count(report.rows)} predictions have a label.
        </p>
      </NotEnoughData>
    )
  }
  return (
    <div className="mo-verdict">
      <p role="status">
        <b>{verdictOf(report)}</b>{' '}
        <span className="quiet">
          Labels have come for {percent(report.coverage)} of {count(report.rows)}
          {report.task === 'binary' && report.positive && (
            <>
              ; the score is the probability of <Isolated text={report.positive} />
            </>
          )}
          .
          {delay?.label_delay_p50_s != null && delay.label_delay_p95_s != null && (
            <>
              {' '}
              Half of them came within {roughly(delay.label_delay_p50_s)}, 95 % within{' '}
              {roughly(delay.label_delay_p95_s)}.
            </>
          )}
        </span>
      </p>
      {report.why && <p className="quiet">{report.why}</p>}
    </div>
  )
}

type Window = Parameters<typeof ToPredictions>[0]['window']

function Worst({ model, window, found }: { model: string; window: Window; found: WorstSlices }) {
  return (
    <section aria-label="Where it is worst">
      <h2>Clearly worse than elsewhere</h2>
      <ul className="mo-worst">
        {found.slices.slice(0, 5).map((one) => (
          <li key={one.slice}>
            <ToPredictions model={model} window={window} q={sliceFilter(one.slice)}>
              <Isolated text={one.slice} />
            </ToPredictions>
            <span>
              <span className="k-badge warn">{badness(found, one)}</span>{' '}
              <span className="quiet">{count(one.rows)} predictions</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Metrics({ report }: { report: PerformanceReport }) {
  return (
    <dl className="mo-metrics">
      {report.metrics.map((one) => (
        <div key={one.name}>
          <dt>{metricName(one.name)}</dt>
          <dd>
            {metricText(one.name, one.value)}
            {one.lower !== null && one.upper !== null && (
              <span className="unit" title="95 % interval">
                {' '}
                {metricText(one.name, within(one.name, one.lower))} to{' '}
                {metricText(one.name, within(one.name, one.upper))}
              </span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Slices({ report, model, window }: { report: PerformanceReport; model: string; window: Window }) {
  if (!report.sliced_by)
    return <p className="quiet">Choose a feature or tag to see each of its values apart.</p>
  return (
    <div className="mo-wide" tabIndex={0} role="region" aria-label="Metrics by value">
      <table>
        <thead>
          <tr>
            <th scope="col">
              <Isolated text={report.sliced_by} />
            </th>
            <th scope="col">Predictions</th>
            <th scope="col">With label</th>
            {report.metrics.map((one) => (
              <th key={one.name} scope="col">
                {metricName(one.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {report.slices.map((one) => (
            <tr key={one.value ?? '\0'}>
              <th scope="row">
                <ToPredictions
                  model={model}
                  window={window}
                  q={sliceFilter(
                    `${report.sliced_by} ${one.value === null ? 'is missing' : `= ${one.value}`}`,
                  )}
                >
                  {one.value === null ? 'missing' : <Isolated text={one.value} />}
                </ToPredictions>
              </th>
              <td>{count(one.rows)}</td>
              <td>{percent(one.rows ? one.labelled / one.rows : 0)}</td>
              {one.metrics.map((value, n) => (
                <td key={report.metrics[n]!.name}>{metricText(report.metrics[n]!.name, value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {report.more_slices > 0 && (
        <p className="quiet">and {count(report.more_slices)} values with fewer predictions</p>
      )}
    </div>
  )
}
