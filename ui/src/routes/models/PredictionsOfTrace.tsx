import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BrainCircuit } from 'lucide-react'
import { tracePredictionsQuery } from '@/api/modelQueries'
import { Isolated } from '@/kit/Isolated'
import { travelling, useView } from '@/kit/view'
import { figure, Said } from './measures'
import './models.css'

const MOST = 5

/** What models answered within this trace or, where one is chosen, this span. Says nothing where there is none. */
export function PredictionsOfTrace(p: { project: string; traceId: string; span: string | undefined }) {
  const { search } = useView()
  const { data } = useQuery(tracePredictionsQuery(p.project, p.traceId))
  const rows = (data?.rows ?? []).filter((row) => !p.span || row.span_id === p.span)
  if (!data || !rows.length) return null
  const others = rows.length - MOST
  return (
    <ul className="mo-of" aria-label={`Predictions of this ${p.span ? 'span' : 'trace'}`}>
      {rows.slice(0, MOST).map((row) => (
        <li key={`${row.model}\n${row.prediction_id}`}>
          <Link
            to="/models/one"
            search={{
              ...travelling(search),
              q: undefined,
              from: 'all',
              to: 'now',
              name: row.model,
              view: 'predictions',
              sel: row.prediction_id,
            }}
          >
            <BrainCircuit size={13} aria-hidden />
            <span className="cut">
              <Isolated text={row.model} /> said <Said word={row.output_label} number={row.output} />
            </span>
          </Link>
          <span className="quiet">
            {row.score !== null && <>score {figure(row.score)}, </>}
            {row.labelled ? (
              <>
                label <Said word={row.label} number={row.label_value} />
              </>
            ) : (
              'no label yet'
            )}
          </span>
        </li>
      ))}
      {(others > 0 || data.more) && <li className="quiet">and {data.more ? 'many' : others} more</li>}
    </ul>
  )
}
