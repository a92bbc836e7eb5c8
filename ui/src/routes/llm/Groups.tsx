/** Who spends: the calls by model, agent, user, …; each number leads to its rows. */
import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { llmGroupsQuery } from '@/api/llmQueries'
import type { LlmGroup, LlmGroups } from '@/api/types'
import { csvCell, downloadText } from '@/kit/download'
import { ExportMenu } from '@/kit/ExportMenu'
import { count, usd } from '@/kit/format'
import { Names } from '@/kit/Value'
import { Sparkline } from '@/kit/Sparkline'
import { unanswered } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { ErrorShare, percent, Took } from '@/routes/services/measures'
import { asked, groupTerms, looksAtTraces, rowsOf } from './calls'
import { Amount, Money } from './Money'

export const DIMENSIONS = [
  { value: 'model', label: 'Model' },
  { value: 'provider', label: 'Provider' },
  { value: 'agent', label: 'Agent' },
  { value: 'tool', label: 'Tool' },
  { value: 'prompt_name,prompt_version', label: 'Prompt' },
  { value: 'user_id', label: 'User' },
  { value: 'session_id', label: 'Session' },
  { value: 'service', label: 'Service' },
]
const ASKED =
  'The call that asked for a tool: the last that had begun when the tool began, among its siblings and its parent, else in its trace. A call that asked for several tools stands in the row of each.'
const NONE =
  'Calls that asked for no tool. A filter of spans cannot tell them: the rows behind are all calls.'
const SORTS = { cost: '-cost_usd', calls: '-calls', errors: '-errors', tokens: '-tokens', p95: '-p95_ms' }
const SAVED = [
  'calls', 'errors', 'refused', 'cost_usd', 'unpriced', 'input_tokens', 'output_tokens', 'cache_read_tokens',
  'reasoning_tokens', 'cache_savings_usd', 'p50_ms', 'p95_ms', 'p99_ms', 'ttft_p50_ms', 'ttft_p95_ms',
] as const // prettier-ignore

const csvOf = (data: LlmGroups): string =>
  [[...data.keys, ...SAVED], ...data.rows.map((row) => [...row.values, ...SAVED.map((name) => row[name])])]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\r\n')

export function Groups({ live }: { live: number | false }) {
  const { scope, search, patch } = useView()
  const by = search.by ?? 'model'
  const sort = search.sort ?? SORTS.cost
  const query = useQuery({ ...llmGroupsQuery(scope, by, sort), refetchInterval: live })
  const dimensions = DIMENSIONS.some((d) => d.value === by)
    ? DIMENSIONS
    : [...DIMENSIONS, { value: by, label: by }]
  const keys = by.split(',')
  const label = dimensions.find((d) => d.value === by)!.label
  const head = (id: keyof typeof SORTS, text: ReactNode) => (
    <th scope="col" className="num" aria-sort={sort === SORTS[id] ? 'descending' : 'none'}>
      <button type="button" className="plain" onClick={() => patch({ sort: SORTS[id] }, true)}>
        {text}
        {sort === SORTS[id] && <span aria-hidden> ↓</span>}
      </button>
    </th>
  )
  return (
    <section className="lm-section">
      <div className="lm-by">
        <h2 className="sr-only">By {label}</h2>
        <div className="lm-dimensions">
          <SegmentedControl
            aria-label="Calls by"
            value={by}
            onChange={(value) => patch({ by: value === 'model' ? undefined : value }, true)}
            data={dimensions}
          />
        </div>
        <span className="grow" />
        <span className="quiet" role="status" title={query.data?.repeated ? ASKED : undefined}>
          {query.data && notesOf(query.data).join(' · ')}
        </span>
        <ExportMenu
          what="spans"
          scope={{ ...scope, q: asked(scope.q) }}
          about={
            looksAtTraces(scope.q)
              ? 'The calls that say themselves what the filter asks for'
              : 'All calls of this filter and time'
          }
          disabled={!query.data?.rows.length}
          {...(query.data && {
            shown: {
              label: 'CSV of this table',
              save: () => downloadText('llm.csv', 'text/csv', csvOf(query.data)),
            },
          })}
        />
      </div>
      {unanswered(query, 6, 'Loading the table') ?? (
        <div className="lm-wide" role="region" aria-label={`Calls by ${label.toLowerCase()}`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col" title={keys.includes('tool') ? ASKED : undefined}>
                  {keys.includes('tool') ? `${label} asked for` : label}
                </th>
                {head('cost', 'Spend')}
                <th scope="col" className="num">
                  Share
                </th>
                <th scope="col">
                  <span className="sr-only">Spend or calls over time</span>
                </th>
                {head('calls', 'Calls')}
                {head('errors', 'Failed')}
                <th scope="col" className="num">
                  Refused
                </th>
                {head('tokens', 'Tokens in')}
                <th scope="col" className="num">
                  Cached
                </th>
                <th scope="col" className="num">
                  Saved
                </th>
                <th scope="col" className="num">
                  Tokens out
                </th>
                {head('p95', 'p95')}
                <th scope="col" className="num">
                  First token
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data!.rows.map((row) => (
                <Row
                  key={row.values.join('\x1f')}
                  row={row}
                  keys={query.data!.keys}
                  total={query.data!.cost_usd}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function notesOf(data: LlmGroups): string[] {
  const notes: string[] = []
  if (data.total > data.rows.length)
    notes.push(`The first ${count(data.rows.length)} of ${count(data.total)}`)
  if (data.repeated)
    notes.push(
      data.repeated === 1
        ? '1 call asked for several tools and stands in the row of each'
        : `${count(data.repeated)} calls asked for several tools and stand in the row of each`,
    )
  return notes
}

function Row({ row, keys, total }: { row: LlmGroup; keys: string[]; total: number | null }) {
  const { search, scope } = useView()
  const keep = travelling(search)
  const terms = groupTerms(keys, row.values)
  const named = row.values.filter(Boolean).map((v) => (v.length > 120 ? `${v.slice(0, 120)}…` : v))
  const to = (children: ReactNode, also = '', sort?: string) => (
    <Link to="/traces" search={{ ...keep, ...rowsOf(scope.q, terms, also, sort) } as never}>
      {children}
    </Link>
  )
  const none = keys.some((key, i) => key === 'tool' && !row.values[i])
  const costs = row.cost_trend.some((v) => v !== null)
  return (
    <tr>
      <td title={none ? NONE : row.values.join(' ').slice(0, 1000)}>
        {to(
          named.length ? (
            <Names of={named} />
          ) : (
            <span className="quiet">{none ? 'asked for none' : 'none named'}</span>
          ),
        )}
      </td>
      <td className="num">{to(<Money value={row.cost_usd} unpriced={row.unpriced} />)}</td>
      <td className="num quiet">{row.cost_usd !== null && total ? percent(row.cost_usd / total) : ''}</td>
      <td>
        <Sparkline
          label={costs ? 'Spend over time' : 'Calls over time'}
          values={
            costs ? row.cost_trend.map((v, i) => v ?? (row.calls_trend[i] ? null : 0)) : row.calls_trend
          }
        />
      </td>
      <td className="num">{to(<Amount value={row.calls} />)}</td>
      <td className="num">{to(<ErrorShare share={row.error_rate ?? 0} />, 'status:error')}</td>
      <td className={row.refused ? 'num' : 'num quiet'}>
        {row.refused ? to(percent(row.refusal_rate ?? 0), 'finish_reason:content_filter') : ''}
      </td>
      <td className="num">{to(<Amount value={row.input_tokens} />, 'input_tokens:*')}</td>
      <td className="num quiet">
        {row.cached_share === null ? '' : to(percent(row.cached_share), 'cache_read_tokens:>0')}
      </td>
      <td className="num quiet">
        {row.cache_savings_usd === null ? '' : to(usd(row.cache_savings_usd), 'cache_savings_usd:*')}
      </td>
      <td className="num">{to(<Amount value={row.output_tokens} />, 'output_tokens:*')}</td>
      <td className="num">{to(<Took ms={row.p95_ms} />, '', '-duration_ms')}</td>
      <td className="num">{to(<Took ms={row.ttft_p95_ms} />, 'ttft_ms:*')}</td>
    </tr>
  )
}
