/** Two distributions over the same bins or values: the baseline behind, the window in front. */
import type { Scope } from '@/api/queries'
import type { DriftFeature } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { percent } from '../services/measures'
import { behind, behindNone } from './driftWords'
import { ToPredictions } from './ToPredictions'

type Bars = DriftFeature['bars']

const summary = (bars: Bars): string =>
  bars.map((bar) => `${bar.what}: ${percent(bar.baseline_share)} → ${percent(bar.window_share)}`).join('; ')

/** For a row: its shape. */
export function SmallBars({ feature, height = 24 }: { feature: DriftFeature; height?: number }) {
  const { bars } = feature
  if (!bars.length) return <span className="quiet">–</span>
  const most = Math.max(...bars.flatMap((bar) => [bar.baseline_share, bar.window_share])) || 1
  const width = 120 / bars.length
  return (
    <svg
      width={120}
      height={height}
      role="img"
      aria-label={`${feature.name}: ${summary(bars)}`}
      className="mo-bars"
    >
      {bars.map((bar, n) => (
        <g key={n}>
          <rect
            x={n * width}
            width={Math.max(width - 1, 1)}
            y={height * (1 - bar.baseline_share / most)}
            height={(height * bar.baseline_share) / most}
            fill="var(--baseline)"
            opacity={0.55}
          />
          <rect
            x={n * width + width * 0.25}
            width={Math.max(width * 0.5 - 1, 1)}
            y={height * (1 - bar.window_share / most)}
            height={(height * bar.window_share) / most}
            fill="var(--window)"
          />
        </g>
      ))}
    </svg>
  )
}

/** For a drawer: each bin or value with its shares. */
export function LargeBars({
  model,
  window,
  feature,
}: {
  model: string
  window: Scope
  feature: DriftFeature
}) {
  const { bars } = feature
  const kind = feature.kind === 'numeric' ? 'bin' : 'value'
  const most = Math.max(...bars.flatMap((bar) => [bar.baseline_share, bar.window_share])) || 1
  const rest = (side: 'baseline_share' | 'window_share') =>
    Math.max(0, 1 - bars.reduce((sum, bar) => sum + bar[side], 0))
  // Of a feature with many values the most frequent are drawn.
  const left = [rest('baseline_share'), rest('window_share')] as const
  const wide = (share: number) => ({ width: `${(100 * share) / most}%` })
  return (
    <ul className="mo-shares" aria-label="Shares of values, baseline and window">
      {bars.map((bar) => (
        <li key={bar.what}>
          <span className="cut" title={bar.what}>
            <ToPredictions
              model={model}
              window={window}
              q={bar.window_share ? behind(feature, bar.what, kind) : null}
            >
              <Isolated text={bar.what} />
            </ToPredictions>
          </span>
          <span className="mo-pair" aria-hidden>
            <i style={{ ...wide(bar.baseline_share), background: 'var(--baseline)' }} />
            <i style={{ ...wide(bar.window_share), background: 'var(--window)' }} />
          </span>
          <span className="num">
            {percent(bar.baseline_share)} → {percent(bar.window_share)}
          </span>
        </li>
      ))}
      {kind === 'value' && Math.max(...left) >= 0.0005 && (
        <li>
          <span className="cut quiet">
            <ToPredictions model={model} window={window} q={left[1] ? behindNone(feature) : null}>
              all that is less frequent
            </ToPredictions>
          </span>
          <span className="mo-pair" aria-hidden>
            <i style={{ ...wide(left[0]), background: 'var(--baseline)' }} />
            <i style={{ ...wide(left[1]), background: 'var(--window)' }} />
          </span>
          <span className="num">
            {percent(left[0])} → {percent(left[1])}
          </span>
        </li>
      )}
    </ul>
  )
}

export const Legend = (p: { baseline?: string; window?: string }) => (
  <span className="k-legend">
    <span>
      <i style={{ background: 'var(--baseline)' }} aria-hidden />
      <Isolated text={p.baseline ?? 'baseline'} />
    </span>
    <span>
      <i style={{ background: 'var(--window)' }} aria-hidden />
      <Isolated text={p.window ?? 'this time'} />
    </span>
  </span>
)
