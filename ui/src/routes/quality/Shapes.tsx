import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { FeatureRecord } from '@/api/qualityQueries'
import { Isolated } from '@/kit/Isolated'
import type { CommonSearch } from '@/kit/view'
import { percent } from '../services/measures'
import '@/kit/chart.css'
import { bins, mostMoved, type Bin } from './distribution'

/** The shape in a row: baseline wide behind, window narrow in front. */
export function SmallDistribution(p: {
  name: string
  now: FeatureRecord | undefined
  then: FeatureRecord | undefined
}) {
  const { bins: found } = bins(p.now, p.then, 20)
  if (!found.length) return <span className="quiet">–</span>
  return (
    <svg
      className="dq-shape"
      viewBox={`0 0 ${found.length * 6} 30`}
      preserveAspectRatio="none"
      role="img"
      aria-label={spoken(p.name, found)}
    >
      <Bars bins={found} height={30} />
    </svg>
  )
}

/** Both in full: numbers as a picture, categories as a table of bars. */
export function FullDistribution(p: {
  name: string
  /** Whether the distance says that it moved. */
  moved: boolean
  now: FeatureRecord | undefined
  then: FeatureRecord | undefined
  /** Where the rows of a bin are; absent where there are none. */
  rows?: ((bin: Bin) => RowsOf) | undefined
}) {
  const { numeric, bins: found } = bins(p.now, p.then)
  if (!found.length) return <p className="quiet">The statistics have no distribution of it.</p>
  // Counts of texts are exact. Those of numbers are spread over buckets, so that small differences are of the drawing.
  const moved = numeric && !p.moved ? null : mostMoved(found)
  const both = found.some((bin) => bin.then !== null)
  return (
    <>
      {both && <Legend />}
      {numeric && (
        <figure className="dq-figure" aria-label={`Distribution of ${p.name}`}>
          <svg
            viewBox={`0 0 ${found.length * 6} 120`}
            preserveAspectRatio="none"
            role={p.rows ? 'group' : 'img'}
            aria-label={spoken(p.name, found)}
          >
            <Bars bins={found} height={120} rows={p.rows} />
          </svg>
          <figcaption className="quiet">
            <span>{found[0]!.label.split(' to ')[0]}</span>
            <span>{found.at(-1)!.label.split(' to ').at(-1)}</span>
          </figcaption>
        </figure>
      )}
      {moved && (
        <p>
          Moved most:{' '}
          <b>
            <Isolated text={moved.label || '(empty)'} />
          </b>
          , from {percent(moved.then!)} to {percent(moved.now!)} of the values.
        </p>
      )}
      {!numeric && <Values bins={found} both={both} rows={p.rows} />}
    </>
  )
}

/** Which colour is which. */
export function Legend() {
  return (
    <span className="k-legend">
      <span>
        <i style={{ background: 'var(--baseline)' }} aria-hidden />
        baseline
      </span>
      <span>
        <i style={{ background: 'var(--window)' }} aria-hidden />
        now
      </span>
    </span>
  )
}

const SHOWN = 30

/** The search of the page of a model; null where no filter finds the rows. */
export type RowsOf = ModelSearch | null
type ModelSearch = CommonSearch & { name: string; view: 'predictions' }

function ToRows(p: { to: RowsOf | undefined; label?: string; children: ReactNode }) {
  if (!p.to) return <>{p.children}</>
  return (
    <Link
      to="/models/one"
      search={p.to}
      aria-label={p.label}
      title={p.label ? undefined : 'Predictions of this'}
    >
      {p.children}
    </Link>
  )
}

function Values(p: { bins: readonly Bin[]; both: boolean; rows: ((bin: Bin) => RowsOf) | undefined }) {
  const { bins: found, both } = p
  const top = Math.max(...found.map((bin) => Math.max(bin.now ?? 0, bin.then ?? 0))) || 1
  return (
    <>
      <table className="dq-values" aria-label="Most frequent values">
        <thead>
          <tr>
            <th>Value</th>
            <th>
              <span className="sr-only">As bars</span>
            </th>
            {both && <th className="num">Baseline</th>}
            <th className="num">Now</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, SHOWN).map((bin) => (
            <tr key={bin.label}>
              <th scope="row">
                <ToRows to={bin.now ? p.rows?.(bin) : null}>
                  <Isolated text={bin.label || '(empty)'} />
                </ToRows>
              </th>
              <td aria-hidden>
                {bin.then !== null && (
                  <i style={{ width: `${(bin.then / top) * 100}%`, background: 'var(--baseline)' }} />
                )}
                <i style={{ width: `${((bin.now ?? 0) / top) * 100}%`, background: 'var(--window)' }} />
              </td>
              {both && <td className="num">{bin.then === null ? '–' : percent(bin.then)}</td>}
              <td className="num">{bin.now === null ? '–' : percent(bin.now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > SHOWN && <p className="quiet">{found.length - SHOWN} rarer values are not shown.</p>}
    </>
  )
}

function Bars(p: { bins: readonly Bin[]; height: number; rows?: ((bin: Bin) => RowsOf) | undefined }) {
  const { bins: found, height } = p
  const top = Math.max(...found.map((bin) => Math.max(bin.now ?? 0, bin.then ?? 0))) || 1
  const tall = (share: number | null) => ((share ?? 0) / top) * (height - 1)
  const both = found.some((bin) => bin.then !== null)
  return (
    <>
      {found.map((bin, i) => (
        <ToRows
          key={i}
          to={bin.now ? p.rows?.(bin) : null}
          label={`${bin.label}: ${percent(bin.now ?? 0)} of the values`}
        >
          {p.rows && (
            <rect x={i * 6} width={6} height={height} fill="transparent">
              <title>{`${bin.label}: ${percent(bin.now ?? 0)}`}</title>
            </rect>
          )}
          {both && (
            <rect
              x={i * 6}
              width={5.4}
              y={height - tall(bin.then)}
              height={tall(bin.then)}
              fill="var(--baseline)"
              opacity={0.6}
              pointerEvents="none"
            />
          )}
          <rect
            x={i * 6 + (both ? 1.6 : 0)}
            width={both ? 2.2 : 5.4}
            y={height - tall(bin.now)}
            height={tall(bin.now)}
            fill="var(--window)"
            pointerEvents="none"
          />
        </ToRows>
      ))}
    </>
  )
}

function spoken(name: string, found: readonly Bin[]): string {
  const most = found.reduce((a, b) => ((b.now ?? 0) > (a.now ?? 0) ? b : a))
  return `Distribution of ${name}: most in ${most.label || '(empty)'}, ${percent(most.now ?? 0)}`
}
