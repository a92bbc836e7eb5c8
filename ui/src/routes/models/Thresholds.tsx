/** Another threshold, tried out on the labels that have come: its confusion matrix, its place on the curves, its worth. */
import { Button, NumberInput, Slider } from '@mantine/core'
import { useState } from 'react'
import type { PerformanceReport } from '@/api/types'
import { useView } from '@/kit/view'
import { figure } from './measures'
import { metricName, metricText } from './performanceWords'
import { Calibration, ConfusionTable, PrecisionRecall, Roc } from './PerformancePlots'
import {
  bestPlace,
  costsOf,
  DEFAULT_AT,
  metricsAt,
  placeOf,
  valueAt,
  type Costs,
  type Table,
} from './thresholdValues'

const WIDTH = 360
const HEIGHT = 90
const NOTHING: Costs = [0, 0, 0, 0]

export function Thresholds({
  table,
  classes,
  bins,
}: {
  table: Table
  classes: string[]
  bins: PerformanceReport['calibration']
}) {
  const { search, patch } = useView()
  const [dragged, setDragged] = useState<number>()
  const chosen = placeOf(table, search.at)
  const at = dragged ?? chosen
  const costs = costsOf(search.costs)
  const settle = (place: number) => {
    setDragged(undefined)
    const threshold = table.thresholds[place]!
    patch({ at: threshold === DEFAULT_AT ? undefined : String(Number(threshold.toFixed(4))) }, true)
  }
  const matrix = [
    [table.tp[at]!, table.fn[at]!],
    [table.fp[at]!, table.tn[at]!],
  ]
  return (
    <section aria-label="Threshold">
      <h2>
        Called {classes[0]} above a score of {figure(table.thresholds[at]!)}
      </h2>
      <div className="mo-threshold">
        <Slider
          className="mo-slider"
          thumbLabel="Threshold"
          min={0}
          max={table.thresholds.length - 1}
          value={at}
          label={(place) => figure(table.thresholds[place] ?? 0)}
          onChange={setDragged}
          onChangeEnd={settle}
        />
        {table.thresholds[at] !== DEFAULT_AT && (
          <Button variant="subtle" size="compact-xs" onClick={() => settle(placeOf(table, undefined))}>
            Back to {DEFAULT_AT}
          </Button>
        )}
      </div>
      <dl className="mo-metrics" aria-label="At this threshold">
        {metricsAt(table, at).map(([name, value]) => (
          <div key={name}>
            <dt>{metricName(name)}</dt>
            <dd>{metricText(name, value)}</dd>
          </div>
        ))}
      </dl>
      <div className="mo-charts">
        <ConfusionTable of={{ classes, matrix }} />
        <Roc table={table} at={at} />
        <PrecisionRecall table={table} at={at} />
        {bins.length > 0 && <Calibration bins={bins} />}
        <Worth table={table} at={at} costs={costs} classes={classes} onBest={settle} />
      </div>
    </section>
  )
}

function Worth(p: {
  table: Table
  at: number
  costs: Costs | undefined
  classes: string[]
  onBest: (place: number) => void
}) {
  const { patch } = useView()
  const { table, at } = p
  const costs = p.costs ?? NOTHING
  const [yes, no] = [p.classes[0] ?? '1', p.classes[1] ?? '0']
  const names = [`${yes}, rightly`, `${yes}, wrongly`, `${no}, rightly`, `${no}, wrongly`]
  const set = (place: number, value: number) => {
    const next = costs.map((one, n) => (n === place ? value : one))
    patch({ costs: next.some((one) => one !== 0) ? next.join(',') : undefined }, true)
  }
  const best = p.costs && bestPlace(table, costs)
  return (
    <section>
      <h2>What an answer is worth</h2>
      <div className="mo-costs">
        {names.map((name, n) => (
          <NumberInput
            key={n}
            label={`Called ${name}`}
            size="xs"
            w={130}
            value={costs[n]!}
            onChange={(value) => set(n, typeof value === 'number' ? value : Number(value) || 0)}
          />
        ))}
      </div>
      {best === undefined ? (
        <p className="quiet">
          Say what each kind of answer brings or costs, as 100 for a loan that is paid back and -1000 for one
          that is not: the best threshold follows.
        </p>
      ) : (
        <>
          <p>
            At this threshold all labelled answers are worth{' '}
            <b>{figure(Number(valueAt(table, at, costs).toPrecision(6)))}</b>; the best is{' '}
            {figure(table.thresholds[best]!)}, worth{' '}
            <b>{figure(Number(valueAt(table, best, costs).toPrecision(6)))}</b>.{' '}
            {best !== at && (
              <Button variant="subtle" size="compact-xs" onClick={() => p.onBest(best)}>
                Take {figure(table.thresholds[best]!)}
              </Button>
            )}
          </p>
          <Curve table={table} costs={costs} at={at} />
        </>
      )}
    </section>
  )
}

/** The worth of all labelled answers, over the threshold. */
function Curve({ table, costs, at }: { table: Table; costs: Costs; at: number }) {
  const values = table.thresholds.map((_, n) => valueAt(table, n, costs))
  const [low, high] = [Math.min(...values, 0), Math.max(...values, 0)]
  const spread = high - low || 1
  const x = (n: number) => (n / Math.max(values.length - 1, 1)) * WIDTH
  const y = (value: number) => HEIGHT * (1 - (value - low) / spread)
  const path = values.map((value, n) => `${n ? 'L' : 'M'}${x(n).toFixed(1)},${y(value).toFixed(1)}`).join('')
  return (
    <figure className="mo-square">
      <svg
        viewBox={`-2 -4 ${WIDTH + 4} ${HEIGHT + 8}`}
        role="img"
        aria-label="Worth by threshold"
        className="mo-worth"
      >
        <path d={`M0,${y(0)}L${WIDTH},${y(0)}`} stroke="var(--line-strong)" strokeDasharray="3 3" />
        <path d={path} fill="none" stroke="var(--window)" strokeWidth={1.5} />
        <circle
          cx={x(at)}
          cy={y(values[at]!)}
          r={4.5}
          fill="var(--surface)"
          stroke="var(--text)"
          strokeWidth={1.5}
        />
      </svg>
      <figcaption className="quiet">
        across: threshold, 0 to 1; up: worth, {figure(Number(low.toPrecision(3)))} to{' '}
        {figure(Number(high.toPrecision(3)))}
      </figcaption>
    </figure>
  )
}
