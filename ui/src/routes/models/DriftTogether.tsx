/** Drift that no single column shows: of embeddings, texts, attributions, or all columns together. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { DriftReport } from '@/api/types'
import { driftTogetherQuery } from '@/api/modelQueries'
import { Isolated } from '@/kit/Isolated'
import { travelling, useView } from '@/kit/view'
import { percent } from '../services/measures'
import type { Held } from './baseline'
import type { DriftAsked } from './driftAsked'
import { VERDICTS } from './driftWords'

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

export function TogetherList({ rows, model }: { rows: readonly Together[]; model: string }) {
  const { search } = useView()
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
          <Telling of={one} />
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

/** Words of a text, columns of a classifier, or attributions, with what changed of each. */
function Telling({ of }: { of: Together }) {
  // Three are named in what it says.
  if (of.telling.length <= 3 || of.verdict !== 'drift') return null
  const signed = of.method !== 'classifier'
  return (
    <span className="mo-telling">
      {of.telling.map((one) => (
        <span
          key={one.name}
          className="k-badge quiet"
          title={signed ? 'change of its share' : 'what it tells'}
        >
          <Isolated text={one.name} />{' '}
          {signed ? `${one.value > 0 ? '+' : '−'}${percent(Math.abs(one.value))}` : one.value.toFixed(2)}
        </span>
      ))}
    </span>
  )
}
