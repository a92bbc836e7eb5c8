import { Link } from '@tanstack/react-router'
import type { EvaluationSummaryRow, PromptUsage } from '@/api/types'
import { count } from '@/kit/format'
import { NotEnoughData } from '@/kit/states'
import { Cost, Duration, RelativeTime, Tokens } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { Said } from './Said'
import { byVersion, callsOf, saidOf } from './usage'

/** How each version did in this time; each number's rows are one click away. */
export function UsageTable(p: {
  name: string
  rows: PromptUsage[]
  /** By prompt and version; nothing while they are not known. */
  said: readonly EvaluationSummaryRow[] | undefined
}) {
  const { name, rows, said } = p
  const { search } = useView()
  if (!rows.length) {
    return (
      <NotEnoughData title="No span named this prompt in this time">
        <p>
          Fetch it with <span className="mono">tapetum.prompt</span>, or set gen_ai.prompt.name and
          gen_ai.prompt.version on your spans. Choose a longer time above if it was used earlier.
        </p>
      </NotEnoughData>
    )
  }
  return (
    <div className="pr-usage" role="region" aria-label="Versions in this time" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col" className="num">
              Calls
            </th>
            <th scope="col" className="num">
              Errors
            </th>
            <th scope="col" className="num">
              p50
            </th>
            <th scope="col" className="num">
              p95
            </th>
            <th scope="col" className="num">
              Tokens
            </th>
            <th scope="col" className="num">
              Cost
            </th>
            <th scope="col">Evaluations</th>
            <th scope="col">Models</th>
            <th scope="col" className="num">
              Last used
            </th>
          </tr>
        </thead>
        <tbody>
          {byVersion(rows).map((row) => (
            <tr key={row.version}>
              <td>
                <Link
                  to="/traces"
                  search={
                    {
                      ...travelling(search),
                      q: callsOf(name, row.version || undefined),
                      view: 'spans',
                    } as never
                  }
                >
                  {row.version || 'not named'}
                </Link>
              </td>
              <td className="num">{count(row.calls)}</td>
              <td className="num">
                {row.calls ? `${((100 * row.errors) / row.calls).toFixed(row.errors ? 1 : 0)} %` : '–'}
              </td>
              <td className="num">{row.p50_ms === null ? '–' : <Duration ms={row.p50_ms} />}</td>
              <td className="num">{row.p95_ms === null ? '–' : <Duration ms={row.p95_ms} />}</td>
              <td className="num">
                <Tokens input={row.input_tokens} output={row.output_tokens} />
              </td>
              <td className="num">
                <Cost value={row.cost_usd} />
              </td>
              <td>{said && <Said rows={saidOf(said, name, row.version)} />}</td>
              <td>{row.models.join(', ') || <span className="quiet">–</span>}</td>
              <td className="num">
                <RelativeTime iso={row.last_seen} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
