/** The points that were chosen: how many of either window, what sets them apart, and what to do with them. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { selectionQuery } from '@/api/modelQueries'
import type { EmbeddingView, SelectionReport } from '@/api/types'
import { useMaySay } from '@/kit/admin'
import { Drawer } from '@/kit/Drawer'
import { printTerm } from '@/kit/filter'
import { count, counted } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { NotEnoughData, unanswered } from '@/kit/states'
import { isoToMs } from '@/kit/time'
import { travelling, useView } from '@/kit/view'
import { SavePredictionsButton } from '../datasets/SavePredictions'
import { percent } from '../services/measures'
import { sameBaseline, type Held } from './baseline'
import { ToPredictions } from './ToPredictions'
import { behind, CORRECT } from './driftWords'

/** So many characters of ids find room in an address and in a filter. */
const ROOM = 8_000

export function EmbeddingSelection(p: {
  model: string
  view: EmbeddingView
  chosen: readonly number[]
  held: Held
  onClose: () => void
}) {
  const { view, chosen, held } = p
  const { scope } = useView()
  const may = useMaySay()
  const { points } = view
  const { selected, others } = useMemo(() => {
    const inside = new Set(chosen)
    const ids = points.prediction_id
    return { selected: chosen.map((i) => ids[i]!), others: ids.filter((_, i) => !inside.has(i)) }
  }, [chosen, points])
  const query = useQuery({
    ...selectionQuery(held.window, p.model, held.asked, selected, others),
    retry: false,
  })
  const window = useMemo(() => spanOf(scope, points, chosen), [scope, points, chosen])
  return (
    <Drawer label="Chosen points" title={counted(chosen.length, 'prediction')} onClose={p.onClose}>
      <div className="k-scroll mo-whole mo-drift" tabIndex={0} role="region" aria-label="What was chosen">
        <Shares view={view} chosen={chosen} />
        <div className="mo-do">
          <Opened model={p.model} window={window} ids={selected} />
          {may && <SavePredictionsButton project={scope.project} model={p.model} chosen={selected} />}
        </div>
        <h3>What they have in common</h3>
        {unanswered(query, 6, 'Comparing with the others') ?? (
          <Traits report={query.data!} model={p.model} window={window} />
        )}
      </div>
    </Drawer>
  )
}

/** The time from the first chosen prediction to the last. */
function spanOf<S extends object>(scope: S, points: EmbeddingView['points'], chosen: readonly number[]) {
  const times = chosen.map((i) => points.time[i]!).toSorted()
  const last = isoToMs(times.at(-1)!) + 1
  return { ...scope, from: times[0]!, to: new Date(last).toISOString() }
}

function Shares({ view, chosen }: { view: EmbeddingView; chosen: readonly number[] }) {
  const { in_window } = view.points
  const now = chosen.filter((i) => in_window[i]).length
  const all = in_window.filter(Boolean).length
  const rows: [string, string, number, number][] = [
    ['baseline', 'var(--baseline)', chosen.length - now, in_window.length - all],
    ['this time', 'var(--window)', now, all],
  ]
  return (
    <table aria-label="Share of either window">
      <tbody>
        {rows.map(([name, colour, part, whole]) => (
          <tr key={name}>
            <th scope="row">
              <span className="k-legend">
                <span>
                  <i style={{ background: colour }} aria-hidden />
                  {name}
                </span>
              </span>
            </th>
            <td>
              {whole ? percent(part / whole) : '–'}{' '}
              <span className="quiet">
                {count(part)} of {count(whole)}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

type Window = Parameters<typeof ToPredictions>[0]['window']

function Traits({ report, model, window }: { report: SelectionReport; model: string; window: Window }) {
  if (!report.enough) {
    return (
      <NotEnoughData title="Too few to tell from chance">
        <p>Choose at least 20 points, and leave as many out.</p>
      </NotEnoughData>
    )
  }
  if (!report.traits.length) {
    return (
      <p>
        Nothing in {counted(report.compared, 'column')} that chance would not do: what sets them apart is in
        the vectors alone.
      </p>
    )
  }
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">More frequent here</th>
          <th scope="col">Here, elsewhere</th>
        </tr>
      </thead>
      <tbody>
        {report.traits.map((one) => (
          <tr key={one.column + one.kind + one.what}>
            <th scope="row">
              <span className="quiet">
                <Isolated text={one.column} />
              </span>{' '}
              <ToPredictions
                model={model}
                window={window}
                q={behind(
                  { name: one.column, others_than: one.others_than },
                  one.what,
                  one.kind,
                  one.column === CORRECT ? CORRECT : undefined,
                )}
              >
                <Isolated text={one.what} />
              </ToPredictions>
            </th>
            <td>
              {percent(one.selected_share)} <span className="quiet">{percent(one.others_share)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Opened({ model, window, ids }: { model: string; window: Window; ids: readonly string[] }) {
  const { scope, search } = useView()
  const some = fitting(ids)
  const within = travelling(search)
  return (
    <Link
      to="/models/one"
      search={{
        ...within,
        from: window.from,
        to: window.to,
        q: printTerm({ negated: false, key: 'prediction_id', op: 'is', values: some }),
        name: model,
        view: 'predictions',
        base: sameBaseline(scope, search.base, Date.now()),
      }}
    >
      {some.length < ids.length
        ? `Open ${count(some.length)} of these predictions`
        : ids.length === 1
          ? 'Open this prediction'
          : 'Open these predictions'}
    </Link>
  )
}

/** As many ids as an address has room for, taken evenly from all of them. */
export function fitting(ids: readonly string[], room = ROOM): string[] {
  const length = ids.reduce((sum, id) => sum + id.length + 3, 0)
  const step = Math.max(1, Math.ceil(length / room))
  return ids.filter((_, i) => i % step === 0)
}
