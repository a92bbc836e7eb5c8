/** Drift that no single column shows: of embeddings, texts, attributions, or all columns together. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { DriftReport } from '@/api/types'
import { driftTogetherQuery } from '@/api/modelQueries'
import type { Scope } from '@/api/queries'
import { printTerm } from '@/kit/filter'
import { Isolated } from '@/kit/Isolated'
import { travelling, useView } from '@/kit/view'
import { percent } from '../services/measures'
import { useBaseline, type Held } from './baseline'
import type { DriftAsked } from './driftAsked'
import { VERDICTS } from './driftWords'
import { ToPredictions } from './ToPredictions'

type Together = DriftReport['together'][number]

/** What is asked beside the columns one by one. It waits for nothing: the columns are shown before it has come. */
export function useTogether(
  model: string,
  held: Held,
  more: DriftAsked & { slice: string | undefined; multivariate: readonly string[] | undefined },
  enabled: boolean,
) {
  return useQuery({
    ...driftTogetherQuery(held.window, model, { ...held.asked, ...more }),
    retry: false,
    enabled,
  })
}

export function TogetherList(p: { rows: readonly Together[]; model: string; window: Scope }) {
  const { rows, model } = p
  const { scope, search } = useView()
  const before = useBaseline(scope, search.base, search.version)
  if (!rows.length) return null
  return (
    <ul className="mo-together" aria-label="Drift of several columns together">
      {rows.map((one) => (
        <li key={one.method + one.of}>
          <span
            className={`k-badge ${one.verdict === 'drift' ? 'warn' : one.verdict === 'no_drift' ? 'ok' : 'quiet'}`}
          >
            {VERDICTS[one.verdict]}
          </span>{' '}
          <b>
            <Isolated text={named(one)} />
          </b>{' '}
          <span className="quiet">
            <Isolated text={one.says} />
          </span>
          <Telling of={one} model={model} window={p.window} before={before?.scope ?? null} />
          {one.of.startsWith('embedding ') && (
            <>
              {' '}
              <Link
                to="/models/one"
                search={{
                  ...travelling(search),
                  name: model,
                  view: 'embeddings',
                  base: search.base,
                  version: search.version,
                  feature: one.of.slice('embedding '.length),
                }}
              >
                See its points
              </Link>
            </>
          )}
        </li>
      ))}
    </ul>
  )
}

const named = (one: Together): string =>
  one.method === 'ndcg'
    ? 'attributions'
    : `${one.of.replace(/^embedding embedding$/, 'embedding')} (${one.method})`

/** Words of a text, columns of a classifier, or attributions, with what changed of each. A word leads to the texts with it. */
function Telling(p: { of: Together; model: string; window: Scope; before: Scope | null }) {
  const { of } = p
  const isText = of.of.startsWith('text ')
  // Three are named in what it says; of words each is a way on.
  if ((of.telling.length <= 3 && !isText) || of.verdict !== 'drift') return null
  const signed = of.method !== 'classifier'
  return (
    <span className="mo-telling">
      {of.telling.map((one) => (
        <span
          key={one.name}
          className="k-badge quiet"
          title={signed ? 'change of its share' : 'what it tells'}
        >
          <ToPredictions
            model={p.model}
            // What went is in the baseline.
            window={one.value > 0 || !p.before ? p.window : p.before}
            q={isText ? printTerm({ negated: false, key: '', op: 'text', values: [one.name] }) : null}
          >
            <Isolated text={one.name} />
          </ToPredictions>{' '}
          {signed ? `${one.value > 0 ? '+' : '−'}${percent(Math.abs(one.value))}` : one.value.toFixed(2)}
        </span>
      ))}
    </span>
  )
}
