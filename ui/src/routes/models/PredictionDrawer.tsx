import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity } from 'lucide-react'
import { contextQuery, predictionQuery } from '@/api/modelQueries'
import type { PredictionContext, PredictionDetail } from '@/api/types'
import { Drawer } from '@/kit/Drawer'
import { counted, durationText } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { unanswered } from '@/kit/states'
import { ClockTime, RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { SaveToDatasetButton } from '../datasets/SaveToDataset'
import { percent } from '../services/measures'
import { heldAgainstData, useBaseline } from './baseline'
import { figure, flagText, Said, valueText } from './measures'

const MOST = 500

/** One prediction: what went in, what came out, what was right, and the trace in which it was made. */
export function PredictionDrawer(p: { model: string; id: string; onClose: () => void }) {
  const { scope } = useView()
  const query = useQuery(predictionQuery(scope.project, p.model, p.id))
  return (
    <Drawer label="Prediction" title={<Isolated text={p.id} />} onClose={p.onClose}>
      {unanswered(query, 10, 'Loading the prediction') ?? <Whole row={query.data!} />}
    </Drawer>
  )
}

function Whole({ row }: { row: PredictionDetail }) {
  const { search, scope } = useView()
  const before = useBaseline(scope, search.base, search.version)
  const data = heldAgainstData(scope, search.base, search.version)
  // Whatever the list is filtered by.
  const now = useQuery({
    ...contextQuery({ ...(before?.window ?? scope), q: '' }, row.model, row.prediction_id),
    retry: false,
  })
  const then = useQuery({
    ...(data
      ? contextQuery({ ...scope, q: '' }, row.model, row.prediction_id, data.asked.baseline_dataset)
      : contextQuery(before?.scope ?? scope, row.model, row.prediction_id)),
    retry: false,
    enabled: data !== null || before !== null,
  })
  const [inBaseline, among] = [then, now].map(
    (context) => new Map(context.data?.features.map((one) => [one.feature, one])),
  ) as [Places, Places]
  // What is unusual comes first: in the baseline, then now.
  const odd = (name: string) =>
    2 * Number(inBaseline.get(name)?.unusual ?? false) + Number(among.get(name)?.unusual ?? false)
  const names = Object.keys(row.kinds).toSorted((a, b) => odd(b) - odd(a) || a.localeCompare(b))
  const scores = Object.entries(row.scores)
  const flags = flagText(row)
  return (
    <div className="k-scroll mo-whole" tabIndex={0} role="region" aria-label="Prediction in full">
      <dl>
        <Fact name="Output">
          <Said word={row.output_label} number={row.output} />
        </Fact>
        {(row.score !== null || flags) && (
          <Fact name="Score">
            {row.score === null ? '–' : figure(row.score)}{' '}
            {flags && <span className="k-badge warn">{flags}</span>}
          </Fact>
        )}
        {scores.length > 0 && (
          <Fact name="Scores">
            <Isolated text={scores.map(([name, value]) => `${name} ${valueText(value)}`).join(' · ')} />
          </Fact>
        )}
        <Fact name="Label">
          {row.labelled ? (
            <>
              <Said word={row.label} number={row.label_value} />{' '}
              {row.label_time && (
                <span className="quiet">
                  said <RelativeTime iso={row.label_time} />
                </span>
              )}
            </>
          ) : (
            <span className="quiet">has not come yet</span>
          )}
        </Fact>
        <Fact name="When">
          <ClockTime iso={row.time} date />
        </Fact>
        {row.version && (
          <Fact name="Version">
            <Link to="/models/one" search={{ ...travelling(search), name: row.model, view: 'versions' }}>
              <Isolated text={row.version} />
            </Link>
          </Fact>
        )}
        {row.latency_ms !== null && <Fact name="Took">{durationText(row.latency_ms)}</Fact>}
        {row.embedding_length > 0 && <Fact name="Embedding">{row.embedding_length} numbers</Fact>}
        {Object.entries(row.tags).map(([name, value]) => (
          <Fact key={name} name={name}>
            <Isolated text={value} />
          </Fact>
        ))}
        {row.trace_id && (
          <Fact name="Made in">
            <Link
              className="mo-link"
              to="/traces/$traceId"
              params={{ traceId: row.trace_id }}
              search={{ project: search.project, span: row.span_id || undefined }}
            >
              <Activity size={13} aria-hidden /> its trace
            </Link>
          </Fact>
        )}
      </dl>
      <SaveToDatasetButton
        project={scope.project}
        of={{ model: row.model, prediction_id: row.prediction_id }}
      />
      <h3>Features</h3>
      {names.length > 0 && (
        <p className="quiet">
          The baseline:{' '}
          {data || before ? (
            <>
              <Isolated text={(data ?? before)!.words} />, {others(then, data ? 'row' : 'prediction')}
            </>
          ) : (
            'none, as there is no time before'
          )}
          . Now: the others of {search.base === 'half' ? 'the second half' : 'this time'},{' '}
          {others(now, 'prediction')}.
        </p>
      )}
      {names.length === 0 ? (
        <p className="quiet">None were sent.</p>
      ) : (
        <table className="mo-beside">
          <thead>
            <tr>
              <th>Feature</th>
              <th>Value</th>
              <th>In the baseline</th>
              <th>Now</th>
            </tr>
          </thead>
          <tbody>
            {names.slice(0, MOST).map((name) => {
              const value = row.features[name] ?? null
              return (
                <tr key={name}>
                  <th scope="row">
                    <Isolated text={name} />
                  </th>
                  <td className={value === null ? 'quiet' : ''} title={row.kinds[name]}>
                    <Isolated text={valueText(value)} />
                  </td>
                  <td>
                    <Place among={inBaseline.get(name)} />
                  </td>
                  <td>
                    <Place among={among.get(name)} />
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      <Attributions of={row.attributions} />
      {names.length > MOST && <p className="quiet">{names.length - MOST} others are in the export.</p>}
    </div>
  )
}

type Places = Map<string, PredictionContext['features'][number]>

/** How many predictions or rows it is held against, within a sentence. */
function others(context: UseQueryResult<PredictionContext>, what: 'prediction' | 'row'): string {
  if (!context.data) return context.isError ? 'in which there are none' : 'being looked at'
  const { rows, one_in } = context.data
  return `${counted(rows, what)}${one_in > 1 ? ` (one in ${one_in} of all)` : ''}`
}

const STRIP = 64

/** Where a value lies: for a number between the lowest and the highest of the others, else how frequent it is. */
function Place({ among }: { among: PredictionContext['features'][number] | undefined }) {
  if (!among || among.share_same === null) return <span className="quiet">–</span>
  const tone = among.unusual ? 'k-badge warn' : 'quiet'
  if (among.share_below === null) {
    const most = among.at_most ? 'at most ' : ''
    const said = among.share_same ? `as ${most}${percent(among.share_same)}` : 'as no other'
    return <span className={tone}>{among.place === 'missing' ? `missing ${said}` : said}</span>
  }
  const share = among.share_below + among.share_same / 2
  const ends = [among.low, among.median, among.high].map((one) => (one === null ? '–' : figure(one)))
  return (
    <span
      className="mo-place"
      title={`Of the others 1 % are below ${ends[0]}, half below ${ends[1]}, 99 % below ${ends[2]}`}
    >
      <svg width={STRIP} height={10} className="mo-strip" aria-hidden>
        <rect y={4} width={STRIP} height={2} fill="var(--line-strong)" />
        <rect x={STRIP / 2} y={2} width={1} height={6} fill="var(--text-3)" />
        <circle cx={5 + share * (STRIP - 10)} cy={5} r={4} fill="var(--window)" />
      </svg>
      <span className={tone}>above {percent(among.share_below)}</span>
    </span>
  )
}

/** What each feature did to the answer, the most first. */
function Attributions({ of }: { of: PredictionDetail['attributions'] }) {
  const size = (value: unknown) => (typeof value === 'number' ? Math.abs(value) : 0)
  const rows = Object.entries(of).toSorted(([, a], [, b]) => size(b) - size(a))
  if (!rows.length) return null
  return (
    <>
      <h3>What each feature did</h3>
      <table aria-label="Attributions">
        <tbody>
          {rows.slice(0, MOST).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">
                <Isolated text={name} />
              </th>
              <td>
                {typeof value === 'number' && value > 0 ? '+' : ''}
                {valueText(typeof value === 'number' ? Number(value.toPrecision(3)) : value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>
        <Isolated text={name} />
      </dt>
      <dd>{children}</dd>
    </div>
  )
}
