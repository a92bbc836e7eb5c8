/** What evaluations say of one version of a prompt, each a way to its rows. */
import type { EvaluationSummaryRow } from '@/api/types'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { ToRows } from '@/routes/evaluations/parts'
import { is, printFilter } from '@/kit/filter'
import { howSaid } from './usage'

const MOST = 3

export function Said({ rows }: { rows: readonly EvaluationSummaryRow[] }) {
  if (!rows.length) return <span className="quiet">–</span>
  return (
    <>
      {rows.slice(0, MOST).map((row, i) => (
        <span key={row.name} title={`${count(row.count)} evaluations ${row.name.slice(0, 200)}`}>
          {i > 0 && ', '}
          <ToRows
            behind={{ q: printFilter([is('name', row.name)]), span_key: 'prompt', span_value: row.value }}
          >
            <Isolated text={row.name.slice(0, 40)} /> {howSaid(row)}
          </ToRows>
        </span>
      ))}
      {rows.length > MOST && <span className="quiet"> and {count(rows.length - MOST)} more</span>}
    </>
  )
}
