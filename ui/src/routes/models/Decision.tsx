/** What another threshold would have answered, and what answers are worth. */
import { Button, NumberInput, Slider } from '@mantine/core'
import { useState } from 'react'
import type { Scope } from '@/api/queries'
import type { PerformanceReport } from '@/api/types'
import { compact, count } from '@/kit/format'
import { useView } from '@/kit/view'
import { percent } from '../services/measures'
import { costsOf, outcomeAt, outcomeFilter } from './performanceWords'
import { ToPredictions } from './ToPredictions'

type Table = NonNullable<PerformanceReport['thresholds']>
const WORTH = ['a right yes', 'a wrong yes', 'a right no', 'a missed yes'] as const

export function Decision(p: { table: Table; model: string; window: Scope; report: PerformanceReport }) {
  const { table } = p
  const { search, patch } = useView()
  const asked = Number(search.at ?? '0.5')
  const at = asked >= 0 && asked <= 1 ? asked : 0.5
  const [moving, setMoving] = useState<number | null>(null)
  const outcome = outcomeAt(table, moving ?? at)
  const go = (to: number) => patch({ at: to === 0.5 ? undefined : String(to) }, true)
  return (
    <section aria-label="At another threshold">
      <h2>Called positive above {outcome.threshold.toFixed(2)}</h2>
      <Slider
        thumbLabel="Threshold"
        label={null}
        size="sm"
        min={0}
        max={1}
        step={0.01}
        value={moving ?? at}
        onChange={setMoving}
        onChangeEnd={(value) => {
          setMoving(null)
          go(value)
        }}
      />
      <dl className="mo-metrics">
        {outcome.said.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value === null ? '–' : percent(value)}</dd>
          </div>
        ))}
        {table.best !== null && (
          <div>
            <dt>Worth</dt>
            <dd>
              {compact(outcome.worth ?? 0)}
              <span className="unit"> of all answers</span>
            </dd>
          </div>
        )}
      </dl>
      <p className="mo-outcomes">
        {outcome.counts.map(([name, n, yes, called]) => (
          <span key={name}>
            <ToPredictions
              model={p.model}
              window={p.window}
              q={n ? outcomeFilter(p.report, yes, called, outcome.threshold) : null}
            >
              {count(n)}
            </ToPredictions>{' '}
            <span className="quiet">{name}</span>
          </span>
        ))}
      </p>
      <Worth />
      {table.best !== null && (
        <p>
          Most, {compact(Math.max(...table.values))}, is had above <b>{table.best.toFixed(2)}</b>.{' '}
          {table.best !== outcome.threshold && (
            <Button size="compact-xs" variant="default" onClick={() => go(table.best!)}>
              Look there
            </Button>
          )}
        </p>
      )}
    </section>
  )
}

/** What one answer of each kind is worth; asked of the server once all four are said. */
function Worth() {
  const { search, patch } = useView()
  const told = costsOf(search.worth)
  const [given, setGiven] = useState<(number | string)[]>(told ?? ['', '', '', ''])
  const keep = () => {
    const numbers = given.map((one) => (one === '' ? NaN : Number(one)))
    const worth = numbers.every(Number.isFinite) ? numbers.join(',') : undefined
    if (worth !== search.worth) patch({ worth }, true)
  }
  return (
    <>
      <p className="quiet">What is one answer worth? What costs is below 0.</p>
      <div className="mo-worth">
        {WORTH.map((what, n) => (
          <NumberInput
            key={what}
            label={what}
            size="xs"
            hideControls
            value={given[n]}
            onChange={(value) => setGiven(given.map((one, k) => (k === n ? value : one)))}
            onBlur={keep}
            onKeyDown={(event) => event.key === 'Enter' && keep()}
          />
        ))}
      </div>
    </>
  )
}
