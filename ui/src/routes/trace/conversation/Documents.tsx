/** What a retriever brought, the best score first in its bar. */
import type { RetrievedDocument } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { JsonTree } from './JsonTree'
import { Fold } from './Parts'
import { Said } from './Said'

export function Documents({ documents }: { documents: RetrievedDocument[] }) {
  const best = Math.max(...documents.map((one) => Math.abs(one.score ?? 0)), 1e-9)
  return (
    <ol className="c-documents">
      {documents.map((one, i) => (
        <li key={i}>
          <div className="cv-head">
            <b>{i + 1}</b>
            {one.id && (
              <span className="mono cut" title={one.id}>
                <Isolated text={one.id} />
              </span>
            )}
            <span className="grow" />
            {one.score === null ? (
              <span className="quiet">no score</span>
            ) : (
              <>
                <span className="c-score" aria-hidden>
                  <i style={{ width: `${(Math.abs(one.score) / best) * 100}%` }} />
                </span>
                <span title="score">{Number(one.score.toPrecision(4))}</span>
              </>
            )}
          </div>
          {one.content && <Said text={one.content} />}
          {one.metadata !== null && one.metadata !== undefined && (
            <Fold label="Metadata">
              <JsonTree value={one.metadata} />
            </Fold>
          )}
        </li>
      ))}
    </ol>
  )
}
