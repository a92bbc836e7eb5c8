import type { ModelDetail } from '@/api/types'
import { distinct } from '@/kit/colour'
import { is, printTerm } from '@/kit/filter'
import { compact, durationText } from '@/kit/format'
import { isoToMs } from '@/kit/time'
import { TimeChart } from '@/kit/TimeChart'
import { answered } from '@/kit/answered'
import { SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'
import { percent } from '../services/measures'
import { AtAGlance, useGlance } from './AtAGlance'
import { figure } from './measures'
import { usePicks } from './ToPredictions'

const HEIGHT = 130
const MOST = 8
const NO_VERSION = 'no version'

/** How one model does over time. */
export function Overview({ detail }: { detail: ModelDetail }) {
  const { scope, setRange } = useView()
  const picks = usePicks(detail.model, scope)
  const { glance, found } = useGlance(detail.model)
  if (!answered(glance, found)) return <SkeletonRows label="Looking at the model" />
  const { trend } = detail
  const chart = {
    times: trend.times.map(isoToMs),
    intervalMs: trend.interval_ms,
    height: HEIGHT,
    sync: 'model',
    onBrush: (start: number, end: number) =>
      setRange({ from: new Date(start).toISOString(), to: new Date(end).toISOString() }),
  }
  const versions = detail.by_version
    .slice(0, MOST)
    .map((one) => ({ ...one, name: one.version || NO_VERSION }))
  const palette = distinct(versions.map((one) => one.name))
  const lines = versions.map(({ name, trend }) => ({ label: name, colour: palette.get(name)!, trend }))
  const versionOf = new Map(versions.map((one) => [one.name, one.version]))
  const ofVersion = picks((series) =>
    series === undefined ? '' : printTerm(is('version', versionOf.get(series) ?? series)),
  )
  const legend = lines.some(({ label }) => label !== NO_VERSION) && (
    <span className="k-legend">
      {lines.map(({ label, colour }) => (
        <span key={label} className="cut" title={label}>
          <i style={{ background: colour }} aria-hidden />
          {label.slice(0, 40)}
        </span>
      ))}
    </span>
  )
  const says = (values: (number | null)[]) => values.some((value) => value !== null)
  return (
    <div className="k-scroll mo-page" tabIndex={0} role="region" aria-label="Overview">
      <AtAGlance model={detail.model} glance={glance} found={found} />
      <div className="mo-charts">
        <section>
          <h2>Predictions per second, by version {legend}</h2>
          <TimeChart
            {...chart}
            {...ofVersion}
            label="Predictions per second"
            format={compact}
            stacked
            series={lines.map(({ label, colour, trend }) => ({
              label,
              colour,
              kind: 'bar' as const,
              values: trend.rate_per_s,
            }))}
          />
        </section>
        {says(trend.mean_score) && (
          <section>
            <h2>Mean score {legend}</h2>
            <TimeChart
              {...chart}
              {...ofVersion}
              label="Mean score"
              format={figure}
              series={lines.map(({ label, colour, trend }) => ({ label, colour, values: trend.mean_score }))}
            />
          </section>
        )}
        {says(trend.mean_output) && (
          <section>
            <h2>Mean output {legend}</h2>
            <TimeChart
              {...chart}
              {...ofVersion}
              label="Mean output"
              format={figure}
              series={lines.map(({ label, colour, trend }) => ({ label, colour, values: trend.mean_output }))}
            />
          </section>
        )}
        <section>
          <h2>Predictions whose label has come</h2>
          {detail.labelled ? (
            <TimeChart
              {...chart}
              {...picks(() => 'labelled:true')}
              label="Predictions whose label has come"
              format={percent}
              series={[{ label: 'labelled', colour: 'var(--cat-1)', values: trend.label_coverage }]}
            />
          ) : (
            <p className="quiet">
              None so far. Labels come to POST /v1/labels at any time, by the prediction’s id, and stand at
              the prediction’s time.
            </p>
          )}
        </section>
        {says(trend.p95_ms) && (
          <section>
            <h2>Duration, p95</h2>
            <TimeChart
              {...chart}
              {...picks(() => 'latency_ms:*')}
              label="Duration, p95"
              format={(v) => durationText(v)}
              series={[{ label: 'p95', colour: 'var(--cat-0)', values: trend.p95_ms }]}
            />
          </section>
        )}
      </div>
    </div>
  )
}
