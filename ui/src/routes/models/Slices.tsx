/** Where the model is worst, and how it does on slices that somebody chooses: by values, by two columns, in SQL. */
import { Button, Select, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { chosenQuery, worstQuery } from '@/api/modelQueries'
import type { Scope } from '@/api/queries'
import type { ChosenSlices, WorstSlices } from '@/api/types'
import { count, counted } from '@/kit/format'
import { Failure, NotEnoughData, SkeletonRows, unanswered } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { percent } from '../services/measures'
import { useHeld } from './baseline'
import { ToPredictions } from './ToPredictions'
import { Gaps } from './Groups'
import { figure } from './measures'
import { columnOf, conditionFilter, metricName, metricText, sliceFilter } from './performanceWords'
import { SliceText } from './SliceText'
import { SliceTrend } from './SliceTrend'
import { MAX_LINES, sqlLines, withLine } from './sqlLines'
import { VersionChoice } from './VersionChoice'

export function Slices(p: { model: string; tabs: ReactNode; versions: string[] }) {
  const { scope, search, patch } = useView()
  const { window } = useHeld(scope, undefined, search.version)
  const version = search.version ? { version: search.version } : {}
  const worst = useQuery(worstQuery(window, p.model, version))
  const columns = [search.by, search.cross].filter((one) => one !== undefined)
  const chosen = useQuery({
    ...chosenQuery(window, p.model, { ...version, slice: columns, where: sqlLines(search.where) }),
    retry: false,
  })
  return (
    <>
      <div className="k-toolbar">
        {p.tabs}
        <span className="grow" />
        <VersionChoice versions={p.versions} />
      </div>
      <div className="k-scroll mo-page" tabIndex={0} role="region" aria-label="Slices">
        <h2>Clearly worse than elsewhere</h2>
        {unanswered(worst, 6, 'Looking for the worst slices') ?? (
          <Worst
            model={p.model}
            window={window}
            found={worst.data!}
            onSql={(line) => patch({ where: withLine(search.where, line) }, true)}
          />
        )}
        {!worst.data?.why && (
          <>
            <h2>Slices of your own</h2>
            <Choice columns={chosen.data?.columns ?? []} />
            {chosen.isError ? (
              <Failure error={chosen.error} retry={() => void chosen.refetch()} />
            ) : chosen.isPending ? (
              <SkeletonRows rows={4} label="Measuring slices" />
            ) : (
              <Chosen model={p.model} window={window} found={chosen.data} />
            )}
          </>
        )}
      </div>
    </>
  )
}

const error = (measure: string, value: number | null): string =>
  value === null ? '–' : measure === 'wrong' ? percent(value) : figure(Number(value.toPrecision(3)))

function Worst(p: { model: string; window: Scope; found: WorstSlices; onSql: (line: string) => void }) {
  const { found } = p
  const { search } = useView()
  if (found.why) {
    return (
      <NotEnoughData title="Nothing to look for the worst in">
        <p>{found.why}</p>
      </NotEnoughData>
    )
  }
  const all = `${error(found.measure, found.error)} of all ${count(found.rows)} with a label`
  if (!found.slices.length) {
    return (
      <p>
        No slice is worse than the rest by more than chance: {counted(found.looked_at, 'slice')} looked at,{' '}
        {found.measure === 'wrong' ? 'wrong' : 'off by'} {all}.
      </p>
    )
  }
  return (
    <>
      <p className="quiet">
        {found.measure === 'wrong' ? 'Wrong' : 'Off by'} {all}; {counted(found.looked_at, 'slice')} of up to
        three features looked at. A slice leads to its predictions, and each to its trace;{' '}
        <Link
          to="/models/one"
          search={{
            ...travelling(search),
            name: p.model,
            view: 'versions',
            by: columnOf(found.slices[0]!.slice),
          }}
        >
          Versions
        </Link>{' '}
        says whether another version is right there.
      </p>
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Worst slices">
        <table>
          <thead>
            <tr>
              <th scope="col">Slice</th>
              <th scope="col">{found.measure === 'wrong' ? 'Wrong' : 'Off by'}</th>
              <th scope="col">Predictions</th>
              <th scope="col">Times the whole</th>
              <th scope="col" title="Errors beyond those that as many average predictions would have">
                {found.measure === 'wrong' ? 'Mistakes too many' : 'Error too much'}
              </th>
              <th scope="col" title="The chance that it is chance, times the slices looked at">
                p
              </th>
              <th scope="col">Over time</th>
              <th scope="col">
                <span className="sr-only">SQL</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {found.slices.map((one) => (
              <tr key={one.slice}>
                <th scope="row">
                  <ToPredictions model={p.model} window={p.window} q={sliceFilter(one.slice)}>
                    <SliceText text={one.slice} />
                  </ToPredictions>
                </th>
                <td>
                  <span className="k-badge warn">{error(found.measure, one.error)}</span>
                </td>
                <td>
                  {count(one.rows)} <span className="unit">{percent(one.support)}</span>
                </td>
                <td>{one.lift.toFixed(1)} ×</td>
                <td>{figure(Number(one.excess.toPrecision(3)))}</td>
                <td>{one.p < 1e-9 ? '< 1e-9' : one.p.toPrecision(1)}</td>
                <td>
                  <SliceTrend slice={one.slice} trend={one.trend} intervalMs={found.interval_ms} />
                </td>
                <td>
                  <Button variant="subtle" size="compact-xs" onClick={() => p.onSql(one.condition)}>
                    As SQL
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function Choice({ columns }: { columns: string[] }) {
  const { search, patch } = useView()
  const [typed, setTyped] = useState(search.where ?? '')
  const [from, setFrom] = useState(search.where)
  if (from !== search.where) {
    // Another address, or a slice taken over from the table.
    setFrom(search.where)
    setTyped(search.where ?? '')
  }
  const look = () => patch({ where: sqlLines(typed).join('\n') || undefined }, true)
  const column = (key: 'by' | 'cross', label: string, other: string | undefined) => (
    <Select
      label={label}
      placeholder="a column"
      w={180}
      clearable
      searchable
      data={columns.filter((one) => one !== other)}
      value={search[key] ?? null}
      onChange={(value) => patch({ [key]: value ?? undefined }, true)}
    />
  )
  return (
    <div className="mo-choice">
      {column('by', 'By the values of', search.cross)}
      {search.by && column('cross', 'and of', search.by)}
      <Textarea
        label="In SQL, one slice a line"
        placeholder="age >= 60 AND channel = 'mobile'"
        autosize
        minRows={1}
        maxRows={MAX_LINES}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) look()
        }}
        className="mo-sql"
      />
      <Button variant="default" onClick={look}>
        Look
      </Button>
    </div>
  )
}

function Chosen(p: { model: string; window: Scope; found: ChosenSlices }) {
  const { found } = p
  if (!found.whole) return <p className="quiet">{found.why}</p>
  if (!found.slices.length) {
    return (
      <p className="quiet">
        Choose a column, two of them, or say in SQL which predictions you mean; each slice is held against all
        other predictions.
      </p>
    )
  }
  const rows = [{ ...found.whole, slice: 'all predictions' }, ...found.slices]
  return (
    <>
      <div className="mo-wide" tabIndex={0} role="region" aria-label="Chosen slices">
        <table>
          <thead>
            <tr>
              <th scope="col">Slice</th>
              <th scope="col">Predictions</th>
              <th scope="col">With label</th>
              <th scope="col">Against the rest</th>
              <th scope="col">Error over time</th>
              {found.metrics.map((name) => (
                <th key={name} scope="col">
                  {metricName(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((one, n) => (
              <tr key={`${n}${one.slice}`} className={n ? '' : 'mo-whole-row'}>
                <th scope="row">
                  <ToPredictions
                    model={p.model}
                    window={p.window}
                    q={n === 0 ? '' : one.condition ? conditionFilter(one.condition) : sliceFilter(one.slice)}
                  >
                    <SliceText text={one.slice} />
                  </ToPredictions>
                </th>
                <td>{count(one.rows)}</td>
                <td>{percent(one.rows ? one.labelled / one.rows : 0)}</td>
                <td>{n ? <Rest of={one} /> : ''}</td>
                <td>
                  <SliceTrend slice={one.slice} trend={one.trend} intervalMs={found.interval_ms} />
                </td>
                {one.metrics.map((each) => (
                  <td
                    key={each.name}
                    title={
                      each.lower === null || each.upper === null
                        ? undefined
                        : `95 %: ${metricText(each.name, each.lower)} to ${metricText(each.name, each.upper)}`
                    }
                  >
                    {metricText(each.name, each.value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {found.more_slices > 0 && (
          <p className="quiet">and {count(found.more_slices)} slices with fewer predictions</p>
        )}
      </div>
      <Gaps gaps={found.gaps} model={p.model} window={p.window} />
    </>
  )
}

function Rest({ of }: { of: ChosenSlices['slices'][number] }) {
  const p = of.p === null ? undefined : `p ${of.p.toPrecision(2)}, corrected for the number of slices`
  if (of.better === null) {
    return (
      <span className="quiet" title={p}>
        {of.p === null ? '–' : 'as the rest'}
      </span>
    )
  }
  return (
    <span className={`k-badge ${of.better ? 'ok' : 'warn'}`} title={p}>
      {of.better ? 'better' : 'worse'}
    </span>
  )
}
