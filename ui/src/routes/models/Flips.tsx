/** Answers that changed from champion to challenger on the same requests, and the predictions behind them. */
import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { flipsQuery } from '@/api/modelQueries'
import type { Scope } from '@/api/queries'
import type { FlippedRequests, VersionComparison } from '@/api/types'
import { count, shortId } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Failure, SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { percent } from '../services/measures'
import { figure } from './measures'

interface Asked {
  champion: string
  challenger: string
  pair: string | undefined
}

export function Flips(p: { model: string; window: Scope; report: VersionComparison; asked: Asked }) {
  const { search, patch } = useView()
  const { flips, apart, pairing } = p.report
  if (!flips) {
    return apart === null ? null : (
      <p>
        On {count(pairing.pairs)} requests that both answered, the two lie{' '}
        {figure(Number(apart.toPrecision(3)))} apart on average.
      </p>
    )
  }
  const shown = flips.classes.length <= 20
  return (
    <>
      <h2>Answers that changed</h2>
      <p>
        {count(flips.flipped)} of {count(pairing.pairs)} ({percent(flips.flipped / pairing.pairs)}):{' '}
        <span className="k-badge ok">{count(flips.fixed)} mended</span>,{' '}
        <span className={`k-badge ${flips.broken ? 'warn' : 'quiet'}`}>{count(flips.broken)} broken</span>
        {flips.wrong_both > 0 && <>, {count(flips.wrong_both)} wrong both times</>}
        {flips.unknown > 0 && <>, {count(flips.unknown)} without a label</>}.
      </p>
      {shown && (
        <div className="mo-wide" tabIndex={0} role="region" aria-label="What changed to what">
          <table>
            <thead>
              <tr>
                <td />
                {flips.classes.map((name) => (
                  <th key={name} scope="col">
                    challenger says <Isolated text={name} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {flips.matrix.map((row, i) => (
                <tr key={flips.classes[i]}>
                  <th scope="row">
                    champion said <Isolated text={flips.classes[i]!} />
                  </th>
                  {row.map((n, j) => {
                    const cell = JSON.stringify([flips.classes[i], flips.classes[j]])
                    return (
                      <td key={j}>
                        {i === j || !n ? (
                          <span className="quiet">{count(n)}</span>
                        ) : (
                          <button
                            type="button"
                            className="plain mo-cell"
                            aria-pressed={search.flip === cell}
                            onClick={() => patch({ flip: cell }, true)}
                          >
                            {count(n)}
                          </button>
                        )}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <SegmentedControl
        aria-label="Which changed answers"
        size="xs"
        value={search.flip === 'fixed' || search.flip === 'broken' ? search.flip : search.flip ? 'cell' : ''}
        onChange={(flip) => patch({ flip: flip || undefined }, true)}
        data={[
          { value: '', label: 'all' },
          { value: 'broken', label: 'broken' },
          { value: 'fixed', label: 'mended' },
          ...(search.flip?.startsWith('[') ? [{ value: 'cell', label: 'as chosen' }] : []),
        ]}
      />
      <Rows {...p} />
    </>
  )
}

function cellOf(flip: string | undefined): { said?: string; says?: string; right?: string } {
  if (!flip) return {}
  if (!flip.startsWith('[')) return { right: flip }
  try {
    const [said, says] = JSON.parse(flip) as [string, string]
    return { said, says }
  } catch {
    // An address that somebody typed: as though nothing was chosen.
    return {}
  }
}

const FEW = 10

function Rows(p: { model: string; window: Scope; asked: Asked }) {
  const { search } = useView()
  const [all, setAll] = useState(false)
  const { champion, challenger, pair } = p.asked
  const query = useQuery({
    ...flipsQuery(p.window, p.model, { champion, challenger, pair, ...cellOf(search.flip) }),
    retry: false,
  })
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return <SkeletonRows rows={5} label="Looking for changed answers" />
  const { rows } = query.data
  if (!rows.length) return <p className="quiet">There are none.</p>
  return (
    <div className="mo-wide" tabIndex={0} role="region" aria-label="Changed answers">
      <table>
        <thead>
          <tr>
            <th scope="col">Request</th>
            <th scope="col">Champion</th>
            <th scope="col">Challenger</th>
            <th scope="col">Label</th>
            <th scope="col">Right</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, all ? undefined : FEW).map((row) => (
            <tr key={row.key}>
              <th scope="row" title={row.key}>
                <Isolated text={row.key.length > 24 ? shortId(row.key) : row.key} />
              </th>
              <td>
                <One model={p.model} id={row.champion_id} said={row.champion} score={row.champion_score} />
              </td>
              <td>
                <One
                  model={p.model}
                  id={row.challenger_id}
                  said={row.challenger}
                  score={row.challenger_score}
                />
              </td>
              <td>{row.label ? <Isolated text={row.label} /> : <span className="quiet">not yet</span>}</td>
              <td>
                <Right of={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && rows.length > FEW && (
        <Button variant="subtle" size="compact-xs" onClick={() => setAll(true)}>
          Show {rows.length === 50 ? 'the 50 whose scores lie furthest apart' : `all ${rows.length}`}
        </Button>
      )}
    </div>
  )
}

function Right({ of }: { of: FlippedRequests['rows'][number] }) {
  if (!of.right) return <span className="quiet">–</span>
  if (of.right === 'challenger') return <span className="k-badge ok">challenger</span>
  return <span className="k-badge warn">{of.right}</span>
}

function One(p: { model: string; id: string; said: string; score: number | null }) {
  const { search } = useView()
  return (
    <Link
      to="/models/one"
      search={{ ...travelling(search), name: p.model, view: 'predictions', sel: p.id }}
      title="The prediction"
    >
      <Isolated text={p.said} />
      {p.score !== null && <span className="unit"> {figure(Number(p.score.toPrecision(3)))}</span>}
    </Link>
  )
}
