/** What versions will turn out to be by what came true of rows like theirs, before their own labels come. */
import type { Scope } from '@/api/queries'
import type { OutcomeEstimate } from '@/api/types'
import { is, printTerm } from '@/kit/filter'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { ToPredictions } from './ToPredictions'
import { metricText, sliceFilter, within } from './performanceWords'

type Version = OutcomeEstimate['versions'][number]

const BADGES = {
  worse: 'warn',
  'worse in part': 'warn',
  better: 'quiet',
  'as expected': 'ok',
  unknown: 'quiet',
} as const

const share = (value: number | null) =>
  metricText('accuracy', value === null ? null : within('accuracy', value))

/** Versions that will turn out worse, why and where, with the way to their predictions. */
export function ExpectedVersions(p: { of: OutcomeEstimate; model: string; window: Scope }) {
  const told = p.of.versions.filter((one) => one.verdict !== 'as expected' && one.verdict !== 'unknown')
  if (!told.length) return null
  return (
    <section aria-label="Expected before labels come">
      <h2>Expected before labels come</h2>
      <ul className="mo-worst">
        {told.map((one) => (
          <li key={one.version}>
            <ToPredictions model={p.model} window={p.window} q={rowsOf(one)}>
              <VersionName version={one.version} />
            </ToPredictions>
            <span>
              <Badge of={one} /> <Why of={one} reference={p.of.reference} />
            </span>
            {one.slices.length > 0 && (
              <ul className="mo-worst mo-where">
                {one.slices.map((slice) => (
                  <li key={slice.slice}>
                    <ToPredictions model={p.model} window={p.window} q={sliceOf(one, slice.slice)}>
                      <Isolated text={slice.slice} />
                    </ToPredictions>
                    <span className="quiet">
                      {share(slice.value)} right, {share(slice.other)}{' '}
                      <Other of={one} reference={p.of.reference} />; {count(slice.rows)} predictions
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** How each version is judged, from how many labels, or why none is. */
export function ExpectedFrom({ of }: { of: OutcomeEstimate }) {
  if (of.why) {
    return (
      <p className="quiet">
        By what came true of rows like these, nothing is estimated: <Isolated text={of.why} />
      </p>
    )
  }
  if (of.doubts.length) {
    return of.doubts.map((one) => (
      <p key={one}>
        By what came true of rows like these: <span className="k-badge warn">not reliable</span>{' '}
        <Isolated text={one} />
      </p>
    ))
  }
  return (
    <>
      <p className="quiet">
        {of.method}: what came true is learned from features, from {of.learned.toLocaleString('en')} labels of
        any version, so that a version that turned bad shows before its own come. Where what comes true has
        changed since, only labels tell.
      </p>
      <ul className="mo-worst" aria-label="Versions by what came true of rows like theirs">
        {of.versions.map((one) => {
          const accuracy = one.metrics[0]
          return (
            <li key={one.version}>
              <span>
                <VersionName version={one.version} />: {share(accuracy?.value ?? null)} right expected,{' '}
                {share(accuracy?.lower ?? null)} to {share(accuracy?.upper ?? null)}
                {one.realised !== null && ` (${share(one.realised)} of ${count(one.labelled)} with a label)`}
              </span>
              <span>
                {one.verdict !== 'unknown' && <Badge of={one} />}
                {one.doubts.map((doubt) => (
                  <span key={doubt}>
                    <span className="k-badge warn">not reliable</span> <Isolated text={doubt} />{' '}
                  </span>
                ))}
              </span>
            </li>
          )
        })}
      </ul>
      {of.notes.map((one) => (
        <p key={one} className="quiet">
          <Isolated text={one} />
        </p>
      ))}
    </>
  )
}

function VersionName({ version }: { version: string }) {
  if (!version) return <>Without a version</>
  return (
    <>
      Version <Isolated text={version} />
    </>
  )
}

function Badge({ of }: { of: Version }) {
  return <span className={`k-badge ${BADGES[of.verdict]}`}>{of.verdict}</span>
}

function Why({ of, reference }: { of: Version; reference: string | null }) {
  const accuracy = of.metrics[0]
  return (
    <span className="quiet">
      {share(accuracy?.value ?? null)} right expected ({share(accuracy?.lower ?? null)} to{' '}
      {share(accuracy?.upper ?? null)})
      {of.earlier !== null && reference !== null && (
        <>
          , {share(of.earlier)} if <VersionInWords version={reference} /> had answered the same
        </>
      )}
      ; its scores promise {share(of.promised)}, its features allow {share(of.attainable)}.
    </span>
  )
}

/** What a slice is held against. */
function Other({ of, reference }: { of: Version; reference: string | null }) {
  if (of.earlier === null || reference === null) return <>are possible by its features</>
  return (
    <>
      if <VersionInWords version={reference} /> had answered
    </>
  )
}

function VersionInWords({ version }: { version: string }) {
  if (!version) return <>predictions without a version</>
  return (
    <>
      version <Isolated text={version} />
    </>
  )
}

const rowsOf = (one: Version): string | null => (one.version ? printTerm(is('version', one.version)) : null)

function sliceOf(one: Version, slice: string): string | null {
  const said = sliceFilter(slice)
  return said === null ? null : [rowsOf(one), said].filter(Boolean).join(' ')
}
