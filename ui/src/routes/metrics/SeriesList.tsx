import { ArrowDown, ArrowUp } from 'lucide-react'
import { useMemo } from 'react'
import { Value } from '@/kit/Value'
import type { Line, Stats } from '@/kit/metricSeries'
import type { Scale } from '@/kit/units'

const COLUMNS: { key: keyof Stats; word: string }[] = [
  { key: 'last', word: 'Last' },
  { key: 'min', word: 'Least' },
  { key: 'avg', word: 'Average' },
  { key: 'max', word: 'Most' },
]
const MOST_ROWS = 300

interface Props {
  lines: Line[]
  scale: Scale
  comparing: boolean
  /** A column, with a minus for descending; `-avg` unless the URL says otherwise. */
  order: string | undefined
  onOrder: (order: string | undefined) => void
  onHover: (label: string | undefined) => void
}

/** The legend: every series with its figures, highest first. Pointing at one brings it forward in the chart. */
export function SeriesList({ lines, scale, comparing, order = '-avg', onOrder, onHover }: Props) {
  const down = order.startsWith('-')
  const by = order.replace(/^-/, '')
  const sorted = useMemo(() => {
    const value = (l: Line): number | null =>
      by === 'change' ? (change(l) ?? null) : (l.stats[by as keyof Stats] ?? null)
    const sign = down ? -1 : 1
    return lines
      .toSorted((a, b) => {
        const [x, y] = [value(a), value(b)]
        // What is unknown stands last, whichever way the others go.
        if (x === null || y === null) return Number(x === null) - Number(y === null)
        return sign * (x - y)
      })
      .slice(0, MOST_ROWS)
  }, [lines, by, down])
  const keys = [...new Set(lines.flatMap((l) => Object.keys(l.labels)))]
  const head = (key: string, word: string) => (
    <th
      key={key}
      scope="col"
      className="num"
      aria-sort={by === key ? (down ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        className="plain"
        onClick={() => {
          const next = by === key && down ? key : `-${key}`
          onOrder(next === '-avg' ? undefined : next)
        }}
      >
        {word}
        {by === key && (down ? <ArrowDown size={11} aria-hidden /> : <ArrowUp size={11} aria-hidden />)}
      </button>
    </th>
  )
  return (
    <div className="metrics-series" role="region" aria-label="Series" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {!comparing && (
              <th scope="col">
                <span className="sr-only">Colour</span>
              </th>
            )}
            {keys.length ? (
              keys.map((key) => (
                <th key={key} scope="col">
                  <div className="cut metrics-label" title={key}>
                    {key}
                  </div>
                </th>
              ))
            ) : (
              <th scope="col">Series</th>
            )}
            {COLUMNS.map(({ key, word }) => head(key, word))}
            {comparing && (
              <>
                <th scope="col" className="num">
                  Earlier average
                </th>
                {head('change', 'Change')}
              </>
            )}
          </tr>
        </thead>
        <tbody onPointerLeave={() => onHover(undefined)}>
          {sorted.map((line) => (
            <tr
              key={line.key}
              onPointerEnter={() => onHover(line.label)}
              onFocus={() => onHover(line.label)}
              onBlur={() => onHover(undefined)}
            >
              {!comparing && (
                <td>
                  <i className="metrics-swatch" style={{ background: line.colour }} aria-hidden />
                </td>
              )}
              {keys.length ? (
                keys.map((key) => (
                  <td key={key} className="metrics-label">
                    <Value k={key} v={line.labels[key] ?? ''} signal="metrics" />
                  </td>
                ))
              ) : (
                <td className="metrics-label">{line.label}</td>
              )}
              {COLUMNS.map(({ key }) => (
                <td key={key} className="num">
                  <Amount value={line.stats[key]} scale={scale} />
                </td>
              ))}
              {comparing && (
                <>
                  <td className="num">
                    <Amount value={line.baseline?.stats.avg ?? null} scale={scale} />
                  </td>
                  <td className="num">
                    <Change line={line} />
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > sorted.length && (
        <p className="metrics-note">
          The first {sorted.length} of {lines.length} series; CSV has them all.
        </p>
      )}
    </div>
  )
}

function Amount({ value, scale }: { value: number | null; scale: Scale }) {
  if (value === null) return <span className="quiet">–</span>
  return (
    <>
      {scale.format(value)}
      <span className="unit">{scale.unit}</span>
    </>
  )
}

/** Of the averages, as a share of the earlier one. */
function change(line: Line): number | null {
  const [now, before] = [line.stats.avg, line.baseline?.stats.avg ?? null]
  return now === null || before === null || before === 0 ? null : (now - before) / Math.abs(before)
}

function Change({ line }: { line: Line }) {
  const share = change(line)
  if (share === null) return <span className="quiet">–</span>
  const percent = share * 100
  const text = Math.abs(percent) < 10 ? percent.toFixed(1) : percent.toFixed(0)
  return (
    <>
      {percent > 0 ? '+' : ''}
      {text}
      <span className="unit">%</span>
    </>
  )
}
