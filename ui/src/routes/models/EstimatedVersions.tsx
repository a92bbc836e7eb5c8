/** Each version as it was estimated, and where its labels say otherwise. */
import type { Scope } from '@/api/queries'
import type { PerformanceEstimate } from '@/api/types'
import { is, printTerm } from '@/kit/filter'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { metricName, metricText, within } from './performanceWords'
import { ToPredictions } from './ToPredictions'

const BADGES = { worse: 'warn', better: 'quiet', 'as estimated': 'ok', unknown: 'quiet' } as const

export function EstimatedVersions(p: {
  versions: PerformanceEstimate['versions']
  model: string
  window: Scope
}) {
  const told = p.versions.filter((one) => one.verdict !== 'unknown' || one.alert)
  if (!told.length) return null
  return (
    <ul className="mo-worst" aria-label="Versions against their estimate">
      {told.map((one) => {
        const text = (value: number | null) =>
          metricText(one.metric, value === null ? null : within(one.metric, value))
        return (
          <li key={one.version}>
            <span>
              <ToPredictions model={p.model} window={p.window} q={printTerm(is('version', one.version))}>
                {one.version ? (
                  <>
                    Version <Isolated text={one.version} />
                  </>
                ) : (
                  'Without a version'
                )}
              </ToPredictions>
              : {metricName(one.metric)} {text(one.realised ?? one.value)}
              {one.verdict === 'unknown' ? ' estimated, outside of what is usual' : ''}
            </span>
            <span>
              {one.verdict !== 'unknown' && (
                <span className={`k-badge ${BADGES[one.verdict]}`}>
                  {one.verdict === 'as estimated' ? one.verdict : `${one.verdict} than estimated`}
                </span>
              )}{' '}
              <span className="quiet">
                {one.verdict === 'unknown'
                  ? `${text(one.lower)} to ${text(one.upper)}`
                  : `${text(one.expected)} estimated of ${count(one.labelled)} with a label`}
              </span>
            </span>
          </li>
        )
      })}
    </ul>
  )
}
