/** What is said of one turn of a session, in a line: of its trace and the spans in it. */
import { useQuery } from '@tanstack/react-query'
import { scoresQuery, sessionEvaluationsQuery } from '@/api/evaluationQueries'
import { Isolated } from '@/kit/Isolated'
import { useView } from '@/kit/view'
import { author, reason, Score, Target } from '../evaluations/parts'

const MOST = 6

export function TurnVerdicts({ session, traceId }: { session: string; traceId: string }) {
  const { scope } = useView()
  const found = useQuery(sessionEvaluationsQuery(scope.project, session))
  const definitions = useQuery(scoresQuery(scope.project))
  const rows = (found.data?.rows ?? []).filter((row) => row.trace_id === traceId)
  if (rows.length === 0) return null
  return (
    <ul className="se-verdicts" aria-label="Evaluations of this turn">
      {rows.slice(0, MOST).map((row) => (
        <li
          key={row.evaluation_id}
          title={[author(row), reason(row)].filter(Boolean).join(': ').slice(0, 1000)}
        >
          <Target row={row}>
            <Isolated text={row.name.slice(0, 60)} />
          </Target>{' '}
          <Score row={row} definition={definitions.data?.rows.find((one) => one.name === row.name) ?? null} />
          {row.score != null && row.label && <Isolated text={` ${row.label.slice(0, 40)}`} />}
          {row.comment && (
            <span className="quiet cut">
              <Isolated text={row.comment.slice(0, 200)} />
            </span>
          )}
        </li>
      ))}
      {rows.length > MOST && <li className="quiet">and {rows.length - MOST} more in the trace</li>}
    </ul>
  )
}
