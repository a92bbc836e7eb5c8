/** Champion and challenger: which is better, by how much, on the same requests, and what else changed between them. */
import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { comparisonQuery } from '@/api/modelQueries'
import type { Scope } from '@/api/queries'
import type { VersionComparison } from '@/api/types'
import { is, printTerm } from '@/kit/filter'
import { count, durationText } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Failure, NotEnoughData, SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { percent } from '../services/measures'
import { useHeld } from './baseline'
import { BetweenVersions } from './BetweenVersions'
import { ToPredictions } from './ToPredictions'
import { Flips } from './Flips'
import { figure } from './measures'
import { metricName, metricText, sliceFilter, within } from './performanceWords'

/** `versions`: the newest first. */
export function Comparison({ model, versions }: { model: string; versions: string[] }) {
  const { scope, search, patch } = useView()
  const { window } = useHeld(scope, undefined, undefined)
  // The newest is the newcomer.
  const challenger = search.challenger ?? versions[0]!
  const champion = search.champion ?? versions.find((one) => one !== challenger)!
  const asked = { champion, challenger, pair: search.pair, slice: search.by }
  const query = useQuery({ ...comparisonQuery(window, model, asked), retry: false })
  const known = query.data
  const choice = (key: 'champion' | 'challenger', value: string, other: string) => (
    <Select
      label={key === 'champion' ? 'Champion' : 'Challenger'}
      w={150}
      allowDeselect={false}
      data={versions
        .filter((one) => one !== other)
        .map((one) => ({ value: one, label: one || 'none given' }))}
      value={value}
      onChange={(next) => patch({ champion, challenger, [key]: next ?? undefined }, true)}
    />
  )
  return (
    <section className="mo-page" aria-label="Comparison">
      <h2>Two versions side by side</h2>
      <div className="mo-choice">
        {choice('champion', champion, challenger)}
        {choice('challenger', challenger, champion)}
        <Select
          label="The same request has the same"
          w={240}
          allowDeselect={false}
          data={[
            { value: '', label: known?.pairing.by ? `${known.pairing.by} (found out)` : 'found out' },
            ...['trace_id', 'prediction_id', ...(known?.slice_columns ?? [])].map((one) => ({
              value: one,
              label: one,
            })),
          ]}
          value={search.pair ?? ''}
          onChange={(pair) => patch({ pair: pair || undefined }, true)}
          searchable
        />
      </div>
      {query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : !known ? (
        <SkeletonRows rows={10} label="Comparing versions" />
      ) : (
        <>
          <Verdict model={model} report={known} />
          <Sides model={model} window={window} report={known} />
          <Flips model={model} window={window} report={known} asked={asked} />
          <BetweenVersions model={model} window={window} champion={champion} challenger={challenger} />
          <ByValue model={model} window={window} report={known} />
        </>
      )}
    </section>
  )
}

function Verdict({ model, report }: { model: string; report: VersionComparison }) {
  const { search } = useView()
  const { pairing } = report
  const worse = report.better && report[report.better === 'champion' ? 'challenger' : 'champion'].version
  return (
    <>
      <p role="status" className={report.better ? 'mo-winner' : ''}>
        <b>
          <Isolated text={report.verdict} />
        </b>
      </p>
      {worse && (
        <p>
          Next: see{' '}
          <Link
            to="/models/one"
            search={{ ...travelling(search), name: model, view: 'slices', version: worse }}
          >
            in which slices version <Isolated text={worse} /> is wrong
          </Link>
          , or choose a column at the foot of this page.
        </p>
      )}
      <p className="quiet">
        {pairing.pairs ? (
          <>
            Requests are the same where both have the same <Isolated text={pairing.by} />:{' '}
            {count(pairing.pairs)} of them, {count(pairing.labelled)} with a label
            {pairing.one_in > 1 && `; one in ${pairing.one_in} was looked at`}.
          </>
        ) : (
          <>
            No request was answered by both: each is judged on its own predictions. Requests are paired by
            trace id, or by a tag or feature that names them; send both versions’ predictions with the same
            one.
          </>
        )}
      </p>
    </>
  )
}

function Sides({ model, window, report }: { model: string; window: Scope; report: VersionComparison }) {
  const version = (of: string) => (
    <ToPredictions model={model} window={window} q={printTerm(is('version', of))}>
      <Isolated text={of || 'none given'} />
    </ToPredictions>
  )
  const { champion, challenger } = report
  const facts: [string, string, string][] = [
    ['Predictions', count(champion.rows), count(challenger.rows)],
    ['With label', percent(champion.coverage), percent(challenger.coverage)],
  ]
  const took = (ms: number | null) => (ms === null ? '–' : durationText(ms))
  if (champion.p95_ms !== null || challenger.p95_ms !== null) {
    facts.push(['Duration, p50', took(champion.p50_ms), took(challenger.p50_ms)])
    facts.push(['Duration, p95', took(champion.p95_ms), took(challenger.p95_ms)])
  }
  const mean = (value: number | null) => (value === null ? '–' : figure(Number(value.toPrecision(4))))
  if (champion.mean_score !== null || challenger.mean_score !== null)
    facts.push(['Mean score', mean(champion.mean_score), mean(challenger.mean_score)])
  if (champion.mean_output !== null || challenger.mean_output !== null)
    facts.push(['Mean output', mean(champion.mean_output), mean(challenger.mean_output)])
  return (
    <>
      {report.why && (
        <NotEnoughData title="No metrics to hold against each other">
          <p>{report.why}</p>
        </NotEnoughData>
      )}
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Side by side">
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">
                {version(champion.version)} <span className="unit">champion</span>
              </th>
              <th scope="col">
                {version(challenger.version)} <span className="unit">challenger</span>
              </th>
              <th scope="col">Difference</th>
              <th scope="col">95 %</th>
              <th scope="col">p</th>
              <th scope="col">Better</th>
            </tr>
          </thead>
          <tbody>
            {report.metrics.map((one) => (
              <Metric key={one.name} one={one} report={report} />
            ))}
            {facts.map(([name, a, b]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{a}</td>
                <td>{b}</td>
                <td />
                <td />
                <td />
                <td />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

const TESTS: Record<string, string> = {
  mcnemar: 'McNemar’s test on the same requests',
  delong: 'DeLong’s test on the same requests',
  paired_t: 'Student’s t on the same requests',
  poisson_bootstrap: 'bootstrap of the same requests',
  welch: 'Welch’s test, each on its own predictions',
}

/** A difference, with its sign. */
export const signed = (name: string, value: number): string =>
  (value < 0 ? '−' : '+') + metricText(name, Math.abs(value))

function Metric({ one, report }: { one: VersionComparison['metrics'][number]; report: VersionComparison }) {
  const side = (of: 'champion' | 'challenger') => {
    const { value, lower, upper } = one[of]
    const ends =
      lower === null || upper === null
        ? undefined
        : `95 %: ${metricText(one.name, within(one.name, lower))} to ${metricText(one.name, within(one.name, upper))}`
    return <td title={ends}>{metricText(one.name, value)}</td>
  }
  return (
    <tr>
      <th scope="row">{metricName(one.name)}</th>
      {side('champion')}
      {side('challenger')}
      <td>{one.difference === null ? '–' : signed(one.name, one.difference)}</td>
      <td className="quiet">
        {one.lower !== null && one.upper !== null
          ? `${signed(one.name, one.lower)} to ${signed(one.name, one.upper)}`
          : '–'}
      </td>
      <td title={TESTS[one.test]}>
        {one.p === null ? '–' : one.p < 0.001 ? '< 0.001' : one.p.toFixed(3)}
        {one.test && <span className="unit"> {one.paired ? 'same requests' : 'apart'}</span>}
      </td>
      <td>
        {one.better ? (
          <b>
            <Isolated text={report[one.better as 'champion' | 'challenger'].version} />
          </b>
        ) : (
          <span className="quiet">{one.p === null ? 'not tested' : 'may be chance'}</span>
        )}
      </td>
    </tr>
  )
}

function ByValue(p: { model: string; window: Scope; report: VersionComparison }) {
  const { search, patch } = useView()
  const { report } = p
  const name = report.metrics[0]?.name
  if (!name) return null
  return (
    <>
      <h2>
        {metricName(name)} by the values of{' '}
        <Select
          aria-label="By the values of"
          placeholder="a column"
          className="mo-inline"
          w={180}
          clearable
          searchable
          data={report.slice_columns}
          value={search.by ?? null}
          onChange={(by) => patch({ by: by ?? undefined }, true)}
        />
      </h2>
      {report.slices.length > 0 && (
        <div className="mo-wide" tabIndex={0} role="region" aria-label="By value">
          <table>
            <thead>
              <tr>
                <th scope="col">
                  <Isolated text={report.sliced_by} />
                </th>
                <th scope="col">Predictions</th>
                <th scope="col">Champion</th>
                <th scope="col">Challenger</th>
                <th scope="col">Difference</th>
                <th scope="col">95 %</th>
                <th scope="col">Better</th>
              </tr>
            </thead>
            <tbody>
              {report.slices.map((one) => (
                <tr key={one.value ?? '\0'}>
                  <th scope="row">
                    <ToPredictions
                      model={p.model}
                      window={p.window}
                      q={sliceFilter(
                        `${report.sliced_by} ${one.value === null ? 'is missing' : `= ${one.value}`}`,
                      )}
                    >
                      {one.value === null ? 'missing' : <Isolated text={one.value} />}
                    </ToPredictions>
                  </th>
                  <td>
                    {count(one.champion_rows)} · {count(one.challenger_rows)}
                  </td>
                  <td>{metricText(name, one.champion)}</td>
                  <td>{metricText(name, one.challenger)}</td>
                  <td>{one.difference === null ? '–' : signed(name, one.difference)}</td>
                  <td className="quiet">
                    {one.lower !== null && one.upper !== null
                      ? `${signed(name, one.lower)} to ${signed(name, one.upper)}`
                      : '–'}
                  </td>
                  <td>
                    {one.better ? (
                      <b>
                        <Isolated text={report[one.better as 'champion' | 'challenger'].version} />
                      </b>
                    ) : (
                      <span className="quiet">may be chance</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {report.more_slices > 0 && (
            <p className="quiet">and {count(report.more_slices)} values with less of a difference</p>
          )}
        </div>
      )}
    </>
  )
}
