/** A model's health in a row: how right it is, whether what it says moved, and the time before. */
import { ArrowDown, ArrowUp, Minus } from 'lucide-react'
import type { ModelRow } from '@/api/types'
import { percent } from '../services/measures'
import { figure } from './measures'

/** Changes below this share of the value before are no news. */
const NEWS = 0.2

/** An arrow where a number is much above or below that of as long a time before. */
export function Against(p: { now: number | null; before: number | null | undefined; what: string }) {
  const { now, before } = p
  if (now === null || before == null || before === 0 || Math.abs(now / before - 1) < NEWS) return null
  const Arrow = now > before ? ArrowUp : ArrowDown
  const said = `${figure(Number(before.toPrecision(3)))} ${p.what} in the time before`
  return (
    <span className="quiet" title={said}>
      {' '}
      <Arrow size={11} aria-hidden />
      <span className="sr-only">{now > before ? 'more' : 'less'} than before</span>
    </span>
  )
}

const value = (measure: string, n: number): string =>
  measure === 'accuracy' ? percent(n) : `± ${figure(Number(n.toPrecision(3)))}`

/** The share of right answers, or how far off numbers are; grey where only scores promise it. */
export function Right({ of }: { of: ModelRow['performance'] }) {
  if (of === null) return <span className="quiet">–</span>
  if (of.estimated) {
    return (
      <span className="quiet" title="What the scores promise: too few labels have come">
        ≈ {value(of.measure, of.value)}
      </span>
    )
  }
  const before = of.before === null ? '' : `, ${value(of.measure, of.before)} in the time before`
  const name = of.measure === 'accuracy' ? 'right, by labels' : 'mean absolute error, by labels'
  const worse = of.change === 'worse'
  return (
    <span className={worse ? 'k-badge warn' : ''} title={`${name}${before}`}>
      {value(of.measure, of.value)}
      {worse && (
        <>
          <ArrowDown size={11} aria-hidden /> worse
        </>
      )}
      {of.change === 'better' && (
        <span className="k-badge ok">
          {' '}
          <ArrowUp size={11} aria-hidden /> better
        </span>
      )}
      {of.change === 'same' && (
        <span className="quiet">
          {' '}
          <Minus size={11} aria-hidden />
          <span className="sr-only">as before</span>
        </span>
      )}
    </span>
  )
}

/** Whether what it says moved from the time before. */
export function Moved({ of }: { of: ModelRow['drift'] }) {
  if (of.distance === null) return <span className="quiet">–</span>
  const said = `Distance of scores or answers from the time before ${of.distance.toFixed(2)}, threshold ${of.threshold}`
  return (
    <span className={`k-badge ${of.verdict === 'drift' ? 'warn' : 'quiet'}`} title={said}>
      {of.verdict === 'drift' ? 'moved' : 'as before'}
    </span>
  )
}

/** What live validation found wrong with its predictions. */
export function Found({ of }: { of: Pick<ModelRow, 'findings' | 'error_findings'> }) {
  if (of.findings === null) {
    return (
      <span className="quiet" title="No schema is in force: the page Data quality can infer one">
        –
      </span>
    )
  }
  if (of.findings === 0) return <span className="quiet">0</span>
  return (
    <span
      className={`k-badge ${of.error_findings ? 'error' : 'warn'}`}
      title={`${of.findings} things wrong by the schema, ${of.error_findings} of them errors: see Data quality`}
    >
      {of.findings}
    </span>
  )
}
