import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { redactionCountsQuery } from '@/api/redactionQueries'
import { Isolated } from '@/kit/Isolated'
import { distinct } from '@/kit/colour'
import { ExportMenu } from '@/kit/ExportMenu'
import { count } from '@/kit/format'
import { PinMenu } from '@/kit/PinMenu'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { TimeChart } from '@/kit/TimeChart'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { rowsOf } from './choice'

const SINCE = [
  { value: '1d', label: '24 hours' },
  { value: '7d', label: '7 days' },
  { value: '30d', label: '30 days' },
]
const CHARTED = 7
/** The chart for any time; counters are of whole minutes. */
const PINNED = `SELECT
    toStartOfInterval(time, toIntervalSecond(greatest({step_s:UInt32}, 60))) AS t,
    reason AS rule,
    sum(redacted) AS places
FROM ingest
WHERE time >= {from:DateTime64(9)} AND time < {to:DateTime64(9)} AND redacted > 0
GROUP BY t, rule
ORDER BY t`
const SHOWN = 50

/** What the rules found: over time, by rule, and under which key of whose records. */
export function Found({ project }: { project: string }) {
  const { search, patch } = useView()
  const since = SINCE.find((s) => s.value === search.since)?.value ?? '7d'
  const from = `now-${since}`
  const query = useQuery(redactionCountsQuery(project, from))
  const data = query.data
  const charted = data?.rules.slice(0, CHARTED) ?? []
  const rest = data?.rules.slice(CHARTED) ?? []
  const colours = distinct(charted.map((rule) => rule.rule))
  const series = charted.map((rule) => ({
    label: rule.rule,
    colour: colours.get(rule.rule) ?? 'var(--cat-0)',
    kind: 'bar' as const,
    values: rule.counts as number[],
  }))
  if (rest.length)
    series.push({
      label: `${rest.length} others`,
      colour: 'var(--text-3)',
      kind: 'bar',
      values: data!.times.map((_, at) => rest.reduce((sum, rule) => sum + rule.counts[at]!, 0)),
    })
  return (
    <>
      <div className="settings-head">
        <h3>Found</h3>
        <span className="grow" />
        <SegmentedControl
          aria-label="Since"
          size="xs"
          data={SINCE}
          value={since}
          onChange={(value) => patch({ since: value === '7d' ? undefined : value })}
        />
        <PinMenu
          small
          query={{ kind: 'sql', query: PINNED }}
          chart="bar"
          title="Places redacted by rule"
          disabled={!data?.rules.length}
        />
        <ExportMenu
          small
          what="ingest"
          scope={{ project, from, to: 'now', q: '' }}
          about="All counts of records and places in this time"
          disabled={!data?.rules.length}
        />
      </div>
      {query.isPending ? (
        <SkeletonRows rows={6} label="Loading what was found" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : data!.rules.length === 0 ? (
        <Empty title={`Nothing was redacted in the past ${SINCE.find((s) => s.value === since)!.label}`}>
          <p>
            No sender let a secret slip that a rule knows. What is found is counted here by rule and by the
            key it was found under, so that the sender can be mended.
          </p>
        </Empty>
      ) : (
        <>
          <TimeChart
            label="Places redacted by rule"
            times={data!.times.map(isoToMs)}
            series={series}
            stacked
            height={110}
            intervalMs={data!.interval_ms}
          />
          <div className="settings-wide" role="region" aria-label="What was redacted" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th scope="col">Rule</th>
                  <th scope="col" className="num">
                    Places
                  </th>
                  <th scope="col">Found under</th>
                  <th scope="col">Sender</th>
                  <th scope="col" className="num">
                    Last
                  </th>
                </tr>
              </thead>
              <tbody>
                {data!.places.slice(0, SHOWN).map((place) => (
                  <tr key={JSON.stringify([place.rule, place.key, place.signal, place.sender])}>
                    <td className="mono redaction-rule">
                      <i style={{ background: colours.get(place.rule) ?? 'var(--text-3)' }} aria-hidden />
                      {place.rule}
                    </td>
                    <td className="num">
                      <Rows place={place} from={from} search={travelling(search)} />
                    </td>
                    <td>
                      <div className="cut redaction-key mono" title={place.key}>
                        <Isolated text={place.key || 'not written down'} />
                      </div>
                    </td>
                    <td>
                      <div className="cut redaction-sender" title={place.sender}>
                        <Isolated text={place.sender || 'unknown'} />
                        <span className="unit"> {place.signal}</span>
                      </div>
                    </td>
                    <td className="num quiet">
                      <RelativeTime iso={place.last_time} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {(data!.truncated || data!.places.length > SHOWN) && (
            <p className="quiet">The {SHOWN} most frequent; all of them: tapetum redaction counts.</p>
          )}
        </>
      )}
    </>
  )
}

function Rows(props: {
  place: { rule: string; key: string; signal: string; sender: string; count: number }
  from: string
  search: object
}) {
  const { place } = props
  const rows = rowsOf(place)
  if (!rows) return <>{count(place.count)}</>
  const search = { ...props.search, q: rows.q || undefined, from: props.from, to: 'now' }
  return (
    <Link
      to={rows.to}
      search={(rows.to === '/traces' ? { ...search, view: 'spans' } : search) as never}
      aria-label={`${count(place.count)} places of ${place.rule}: show the sender’s ${place.signal === 'traces' ? 'spans' : 'log records'}`}
    >
      {count(place.count)}
    </Link>
  )
}
