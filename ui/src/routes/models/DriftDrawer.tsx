/** One column of a drift report: both distributions, what moved, since when, where. */
import { Select } from '@mantine/core'
import type { Scope } from '@/api/queries'
import type { DriftFeature } from '@/api/types'
import { Drawer } from '@/kit/Drawer'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { fromFirstToLast, isoToMs } from '@/kit/time'
import { TimeChart } from '@/kit/TimeChart'
import { useView } from '@/kit/view'
import { percent } from '../services/measures'
import { LargeBars, Legend } from './Bars'
import { behind, isTime, telling } from './driftWords'
import { figure } from './measures'
import { ToPredictions, usePicks } from './ToPredictions'

export function DriftDrawer(p: {
  model: string
  feature: DriftFeature
  others: string[]
  window: Scope
  onClose: () => void
}) {
  const { feature } = p
  return (
    <Drawer label="Drift of a column" title={<Isolated text={feature.name} />} onClose={p.onClose}>
      <div className="k-scroll mo-whole mo-drift" tabIndex={0} role="region" aria-label="Drift in full">
        <Since feature={feature} />
        <h3>
          Distribution <Legend />
        </h3>
        {feature.bars.length ? (
          <LargeBars model={p.model} window={p.window} feature={feature} />
        ) : (
          <p className="quiet">One side has no values.</p>
        )}
        <Moved {...p} />
        <Chunks {...p} />
        <Where {...p} />
        <Sides feature={feature} />
      </div>
    </Drawer>
  )
}

function Since({ feature }: { feature: DriftFeature }) {
  const by = telling(feature)
  return (
    <p>
      {feature.verdict === 'drift'
        ? 'Drifted'
        : feature.verdict === 'no_drift'
          ? 'No drift'
          : 'Too few values to tell'}
      {by?.threshold
        ? `: distance (${by.method}) ${by.value.toFixed(3)}, threshold ${figure(by.threshold)}`
        : ''}
      {!feature.since
        ? ''
        : isTime(feature.since)
          ? `, since ${feature.since.slice(0, 16).replace('T', ' ')} UTC`
          : `, since prediction ${feature.since.split(':')[0]} of this time`}
      .{feature.importance !== 1 && ` Importance ${feature.importance.toFixed(2)}, 1 is average.`}
      {feature.note && (
        <>
          {' '}
          <Isolated text={feature.note} />
        </>
      )}
    </p>
  )
}

function Moved({ model, feature, window }: { model: string; feature: DriftFeature; window: Scope }) {
  if (!feature.moved.length) return null
  return (
    <>
      <h3>What moved</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Values</th>
            <th scope="col">Baseline → now</th>
          </tr>
        </thead>
        <tbody>
          {feature.moved.map((one) => (
            <tr key={one.kind + one.what}>
              <th scope="row">
                <ToPredictions model={model} window={window} q={behind(feature, one.what, one.kind)}>
                  <Isolated text={one.what} />
                </ToPredictions>
              </th>
              <td>
                {percent(one.baseline_share)} → {percent(one.window_share)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function Chunks({ model, feature, window }: { model: string; feature: DriftFeature; window: Scope }) {
  const picks = usePicks(model, window)
  const method = telling(feature)?.method ?? 'js'
  const found = feature.chunks.map((chunk) => chunk.results.find((one) => one.method === method))
  const limit = found.find((one) => one?.threshold)?.threshold
  if (feature.chunks.length < 2 || found.every((one) => !one)) return null
  if (!isTime(feature.chunks[0]!.chunk)) {
    const values = found.map((one) => one?.value ?? null)
    return <Counted model={model} window={window} chunks={feature.chunks} values={values} limit={limit} />
  }
  const times = feature.chunks.map((one) => isoToMs(one.chunk))
  return (
    <>
      <h3>Distance over time</h3>
      <TimeChart
        label={`Distance of ${feature.name}`}
        times={times}
        intervalMs={times[1]! - times[0]!}
        {...picks(() => '')}
        height={110}
        format={figure}
        series={[
          {
            label: method,
            colour: 'var(--window)',
            kind: 'bar',
            values: found.map((one) => one?.value ?? null),
          },
        ]}
        limits={limit ? [{ value: limit, label: `threshold ${figure(limit)}` }] : []}
      />
    </>
  )
}

/** Chunks of so many predictions stand side by side: what is between two of them is no time. */
function Counted(p: {
  model: string
  window: Scope
  chunks: DriftFeature['chunks']
  values: readonly (number | null)[]
  limit: number | null | undefined
}) {
  const most = Math.max(p.limit ?? 0, ...p.values.map((value) => value ?? 0)) || 1
  return (
    <>
      <h3>Distance by predictions, in their order</h3>
      <ol className="mo-counted" aria-label="Distance by chunk">
        {p.chunks.map((chunk, n) => {
          const value = p.values[n] ?? null
          const said = value === null ? 'too few' : figure(Number(value.toPrecision(3)))
          const over = value !== null && p.limit && value > p.limit
          return (
            <li key={chunk.chunk} title={`${chunk.chunk}: ${said}`}>
              <span className="quiet">
                <ToPredictions
                  model={p.model}
                  window={chunk.first && chunk.last ? fromFirstToLast(chunk.first, chunk.last) : p.window}
                  q={chunk.first && ''}
                >
                  {chunk.chunk.replace(':', ' – ')}
                </ToPredictions>
              </span>
              <span aria-hidden>
                <i
                  style={{
                    width: `${(100 * (value ?? 0)) / most}%`,
                    background: over ? 'var(--window)' : 'var(--bars)',
                  }}
                />
              </span>
              <span className="num">{said}</span>
            </li>
          )
        })}
      </ol>
      {p.limit ? <p className="quiet">Threshold {figure(Number(p.limit.toPrecision(3)))}</p> : null}
    </>
  )
}

function Where(p: { model: string; feature: DriftFeature; others: string[]; window: Scope }) {
  const { search, patch } = useView()
  const columns = p.others.filter((name) => name !== p.feature.name)
  if (!columns.length) return null
  return (
    <>
      <h3>Where it moved</h3>
      <Select
        aria-label="By the values of"
        placeholder="By the values of …"
        w={200}
        clearable
        data={columns}
        value={search.by ?? null}
        onChange={(by) => patch({ by: by ?? undefined }, true)}
      />
      {search.by && p.feature.verdict !== 'drift' && <p className="quiet">It moved nowhere.</p>}
      {search.by && p.feature.slices.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">
                <Isolated text={search.by} />
              </th>
              <th scope="col">Distance</th>
            </tr>
          </thead>
          <tbody>
            {p.feature.slices.map((one) => (
              <tr key={one.value}>
                <th scope="row">
                  <ToPredictions
                    model={p.model}
                    window={p.window}
                    q={behind({ ...p.feature, name: one.column }, one.value, 'value')}
                  >
                    <Isolated text={one.value} />
                  </ToPredictions>{' '}
                  <span className="quiet">{count(one.window_rows)} predictions</span>
                </th>
                <td>
                  <span className={`k-badge ${one.result.verdict === 'drift' ? 'warn' : 'quiet'}`}>
                    {one.result.value.toFixed(2)}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  )
}

function Sides({ feature }: { feature: DriftFeature }) {
  const { baseline, window } = feature
  const shown = (n: number | null) => (n === null ? '–' : figure(n))
  const facts: [string, number | null, number | null][] = [
    ['predictions', baseline.rows, window.rows],
    ['missing', baseline.missing, window.missing],
    ['mean', baseline.mean, window.mean],
    ['deviation', baseline.std, window.std],
    ['least', baseline.min, window.min],
    ['greatest', baseline.max, window.max],
  ]
  return (
    <>
      <h3>Numbers</h3>
      <dl>
        {facts
          .filter(([, b, w]) => b !== null || w !== null)
          .map(([name, b, w]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {shown(b)} → {shown(w)}
              </dd>
            </div>
          ))}
        {feature.results.map((one) => (
          <div key={one.method}>
            <dt>{one.method}</dt>
            <dd>
              {figure(Number(one.value.toPrecision(4)))}
              {one.threshold !== null && <span className="quiet"> of {figure(one.threshold)}</span>}
              {one.p_adjusted !== null && <span className="quiet">, p {one.p_adjusted.toPrecision(2)}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}
