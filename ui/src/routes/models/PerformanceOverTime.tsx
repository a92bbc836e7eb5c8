/** Metrics over time: as labels say, as estimated before they come, and how many labels there are. */
import { Select, Switch } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Scope } from '@/api/queries'
import type { PerformanceEstimate, PerformanceReport } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { isoToMs } from '@/kit/time'
import { TimeChart, type Series } from '@/kit/TimeChart'
import { useView } from '@/kit/view'
import { percent } from '../services/measures'
import { EstimatedVersions } from './EstimatedVersions'
import { ExpectedFrom } from './ExpectedVersions'
import { metricName, metricText } from './performanceWords'
import { usePicks } from './ToPredictions'

const HEIGHT = 150
const BY_LABELS = 'by labels'
const PROMISES = 'It says what scores promise: where what scores mean has changed, only labels tell.'
const DEPENDS = 'It says what errors depended on: where that has changed, only labels tell.'

interface Props {
  model: string
  window: Scope
  report: PerformanceReport
  estimate: PerformanceEstimate | undefined
  failed: Error | null
  /** From when the estimate has been learned. */
  learned: string
}

export function OverTime({ model, window, report, estimate, failed, learned }: Props) {
  const { search, patch } = useView()
  const picks = usePicks(model, window)
  const measured = report.metrics.map((one) => one.name)
  const estimated = estimate?.periods[0]?.metrics.map((one) => one.name) ?? []
  const outcomes = estimate && !estimate.outcomes.doubts.length ? estimate.outcomes.periods : []
  const byOutcome = outcomes[0]?.metrics.map((one) => one.name) ?? []
  const names = [measured, estimated, byOutcome].find((one) => one.length) ?? []
  const name = names.includes(search.metric ?? '') ? search.metric! : names[0]
  const byTime = new Map(report.periods.map((one) => [isoToMs(one.time), one]))
  const expected = new Map((estimate?.periods ?? []).map((one) => [isoToMs(one.time), one]))
  const expectedBy = new Map(outcomes.map((one) => [isoToMs(one.time), one]))
  const times = [...new Set([...byTime.keys(), ...expected.keys(), ...expectedBy.keys()])].toSorted(
    (a, b) => a - b,
  )
  const place = measured.indexOf(name ?? '')
  const of = (time: number) => expected.get(time)?.metrics.find((one) => one.name === name)
  const series: Series[] = []
  if (place >= 0) {
    series.push({
      label: BY_LABELS,
      colour: 'var(--window)',
      values: times.map((time) => byTime.get(time)?.metrics[place] ?? null),
    })
  }
  if (name && estimated.includes(name)) {
    const band = { colour: 'var(--text-3)', dashed: true }
    series.push(
      {
        label: 'estimated',
        colour: 'var(--baseline)',
        dashed: true,
        values: times.map((time) => of(time)?.value ?? null),
      },
      { label: 'at least', ...band, values: times.map((time) => of(time)?.lower ?? null) },
      { label: 'at most', ...band, values: times.map((time) => of(time)?.upper ?? null) },
    )
  }
  if (name && byOutcome.includes(name)) {
    series.push({
      label: 'by what came true of such rows',
      colour: 'var(--cat-3)',
      dashed: true,
      values: times.map(
        (time) => expectedBy.get(time)?.metrics.find((one) => one.name === name)?.value ?? null,
      ),
    })
  }
  const chart = { times, intervalMs: report.interval_ms, height: HEIGHT, sync: 'performance' }
  return (
    <div className="mo-charts">
      {name && times.length > 0 && (
        <section>
          <h2>
            <Select
              size="xs"
              aria-label="Metric"
              className="mo-inline"
              w={190}
              allowDeselect={false}
              data={names.map((one) => ({ value: one, label: metricName(one) }))}
              value={name}
              onChange={(metric) =>
                patch({ metric: metric === names[0] ? undefined : (metric ?? undefined) }, true)
              }
            />{' '}
            over time
          </h2>
          <TimeChart
            {...chart}
            {...picks((line) => (line === BY_LABELS ? 'labelled:true' : ''))}
            label={metricName(name)}
            format={(value) => metricText(name, value)}
            series={series}
          />
          <Legend series={series} />
        </section>
      )}
      {report.periods.length > 0 && (
        <section>
          <h2>Predictions whose label has come</h2>
          <TimeChart
            {...chart}
            {...picks(() => 'labelled:true')}
            label="Predictions whose label has come"
            format={percent}
            series={[
              {
                label: 'with a label',
                colour: 'var(--cat-1)',
                kind: 'bar',
                values: times.map((time) => {
                  const one = byTime.get(time)
                  return one?.rows ? one.labelled / one.rows : null
                }),
              },
            ]}
          />
        </section>
      )}
      <Doubts model={model} window={window} estimate={estimate} failed={failed} learned={learned} />
    </div>
  )
}

function Legend({ series }: { series: Series[] }) {
  return (
    <p className="k-legend">
      {series
        .filter((one) => one.label !== 'at most')
        .map((one) => (
          <span key={one.label}>
            <i style={{ background: one.colour }} aria-hidden />
            {one.label === 'at least' ? 'its band' : one.label}
          </span>
        ))}
    </p>
  )
}

/** Whether to believe the estimate, and why not. */
function Doubts({ model, window, estimate, failed, learned }: Omit<Props, 'report'>) {
  const { search, patch } = useView()
  const doubtful = (estimate?.periods ?? []).filter((one) => one.doubts.length)
  const said = new Map<string, { steps: number; such: string }>()
  for (const one of doubtful) {
    for (const doubt of one.doubts) {
      const kind = doubt.replace(/[\d.,]+/g, '')
      const known = said.get(kind)
      said.set(kind, { steps: (known?.steps ?? 0) + 1, such: known?.such ?? doubt })
    }
  }
  return (
    <section>
      <h2>Estimate without labels</h2>
      {(Boolean(search.weighed) || (estimate && !estimate.why)) && (
        <Switch
          size="xs"
          label="Weigh the baseline as features are mixed now"
          checked={Boolean(search.weighed)}
          onChange={(event) => patch({ weighed: event.currentTarget.checked ? '1' : undefined }, true)}
        />
      )}
      {failed ? (
        <p className="quiet">
          Not estimated: <Isolated text={failed.message} />
        </p>
      ) : !estimate ? (
        <p className="quiet">Estimating …</p>
      ) : estimate.why ? (
        <p className="quiet">
          Not estimated: <Isolated text={estimate.why} /> It would be learned from <Isolated text={learned} />
          : choose another time under <i>Estimate from</i>
          {search.base !== 'half' && (
            <>
              , such as{' '}
              <Link to="." search={(old) => ({ ...old, base: 'half' })} replace>
                the first half of this time
              </Link>
            </>
          )}
          .
        </p>
      ) : (
        <>
          <p className="quiet">
            {estimate.method}, learned from {estimate.baseline_rows.toLocaleString('en')} labelled predictions
            of <Isolated text={learned} />. {estimate.method.startsWith('DLE') ? DEPENDS : PROMISES}
          </p>
          <EstimatedVersions versions={estimate.versions} model={model} window={window} />
          {estimate.doubts.concat(estimate.notes).map((one) => (
            <p key={one}>
              <Isolated text={one} />
            </p>
          ))}
          {[...said].map(([kind, { steps, such }]) => (
            <p key={kind}>
              <span className="k-badge warn">not reliable</span> in {steps} of {estimate.periods.length}{' '}
              steps: <Isolated text={such} />
            </p>
          ))}
          {(said.size > 0 || estimate.doubts.length > 0) && (
            <p className="quiet">
              Believe labels where they have come. A longer time has more in each step; another baseline under{' '}
              <i>Estimate from</i> may have scores like these.
            </p>
          )}
        </>
      )}
      {estimate && <ExpectedFrom of={estimate.outcomes} />}
    </section>
  )
}
