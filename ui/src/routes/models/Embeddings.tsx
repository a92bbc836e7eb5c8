/** What a model's embeddings look like: both windows in one plane, and what a part of it has in common. */
import { Select, useComputedColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { ApiError } from '@/api/client'
import { embeddingsQuery } from '@/api/modelQueries'
import type { EmbeddingView } from '@/api/types'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { areaOf, areaText, within } from '@/kit/plane'
import { Scatter } from '@/kit/Scatter'
import { Empty, Snippet, unanswered } from '@/kit/states'

import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { percent } from '../services/measures'
import { Against } from './Against'
import { useHeld } from './baseline'
import { Missing } from './Drift'
import { byCategory, byNumber, byWindow, type Coloured } from './embeddingColours'
import { EmbeddingSelection } from './EmbeddingSelection'
import { figure } from './measures'
import { PredictionDrawer } from './PredictionDrawer'

const WINDOW = ''
const FIRST = ['output_label', 'score', 'label', 'correct', 'prediction', 'version']

export function Embeddings(p: { model: string; tabs: ReactNode; versions: string[] }) {
  const { model, tabs } = p
  const { scope, search, patch } = useView()
  const held = useHeld(scope, search.base, search.version)
  const query = useQuery({
    ...embeddingsQuery(held.window, model, { ...held.asked, feature: search.feature, by: search.by }),
    retry: false,
  })
  const view = query.data
  const shape = useMemo(() => areaOf(search.area), [search.area])
  const chosen = useMemo(
    () => (shape && view ? within(shape, view.points.x, view.points.y) : []),
    [shape, view],
  )
  const close = () => patch({ area: undefined }, true)
  return (
    <div className="k-body">
      <div className="k-rows">
        <div className="k-toolbar">
          {tabs}
          <span className="grow" />
          <Against versions={p.versions} what="Against" />
        </div>
        {(query.error instanceof ApiError && query.error.status === 404 && !view && (
          <Missing model={model} held={held} />
        )) ||
          (unanswered(query, 12, 'Reading embeddings') ??
            (view!.feature === null ? (
              <NoEmbedding />
            ) : (
              <Picture view={view!} shape={shape} chosen={chosen} baseline={held.words} />
            )))}
      </div>
      {search.sel ? (
        <PredictionDrawer model={model} id={search.sel} onClose={() => patch({ sel: undefined }, true)} />
      ) : (
        view &&
        chosen.length > 0 && (
          <EmbeddingSelection model={model} view={view} chosen={chosen} held={held} onClose={close} />
        )
      )}
    </div>
  )
}

function Picture(p: {
  view: EmbeddingView
  shape: ReturnType<typeof areaOf>
  chosen: number[]
  baseline: string
}) {
  const { view, shape } = p
  const { search, patch } = useView()
  const dark = useComputedColorScheme('dark') === 'dark'
  const { points } = view
  const told = useMemo((): Coloured => {
    if (view.by === null) return byWindow(points.in_window)
    return view.by_kind === 'numeric' ? byNumber(points.value, dark) : byCategory(points.value)
  }, [view.by, view.by_kind, points, dark])
  const chosen = useMemo(() => (shape ? new Set(p.chosen) : null), [shape, p.chosen])
  const names = [
    ...FIRST.filter((one) => view.columns.includes(one)),
    ...view.columns.filter((one) => !FIRST.includes(one)),
  ]
  const axis = (n: 0 | 1) => `component ${n + 1}: ${percent(view.explained[n] ?? 0)} of the variance`
  return (
    <>
      <div className="k-toolbar mo-embed">
        {view.features.length > 1 && (
          <Select
            aria-label="Embedding"
            w={150}
            data={view.features.map((one) => one.name)}
            value={view.feature}
            onChange={(feature) => patch({ feature: feature ?? undefined, area: undefined })}
            allowDeselect={false}
          />
        )}
        <span className="quiet" aria-hidden>
          Colour
        </span>
        <Select
          aria-label="Colour"
          w={170}
          searchable
          data={[{ value: WINDOW, label: 'by window' }, ...names.map((one) => ({ value: one, label: one }))]}
          value={search.by ?? WINDOW}
          onChange={(by) => patch({ by: by || undefined }, true)}
          allowDeselect={false}
        />
        <ul className="k-legend" aria-label="Colours">
          {told.legend.map((one) => (
            <li key={one.label + one.colour}>
              <i style={{ background: one.colour }} aria-hidden />
              <Isolated text={one.label} />
              {one.count !== undefined && <span className="unit"> {count(one.count)}</span>}
            </li>
          ))}
        </ul>
      </div>
      <p className="quiet mo-embed" role="status">
        {count(points.x.length)} of {count(view.baseline_rows + view.window_rows)} predictions with a vector
        of {count(view.features.find((one) => one.name === view.feature)?.dimensions ?? 0)} numbers:{' '}
        {count(view.window_rows)} of this time
        {view.baseline_rows ? (
          <>
            , {count(view.baseline_rows)} of <Isolated text={p.baseline} />
          </>
        ) : (
          ', none in the baseline'
        )}
        . {!p.chosen.length && 'Draw a line around some to see what they have in common.'}
      </p>
      <Scatter
        label={`Embedding ${view.feature}`}
        x={points.x}
        y={points.y}
        colours={told.colours}
        chosen={chosen}
        area={shape}
        onArea={(polygon) => patch({ area: polygon ? areaText(polygon) : undefined, sel: undefined }, true)}
        onOpen={(point) => patch({ sel: points.prediction_id[point] }, true)}
        xLabel={axis(0)}
        yLabel={axis(1)}
        tip={(point) => <Tip view={view} point={point} />}
      />
    </>
  )
}

function Tip({ view, point }: { view: EmbeddingView; point: number }) {
  const { points } = view
  const value = points.value[point]
  return (
    <>
      <div>
        <span>
          <Isolated text={points.prediction_id[point] ?? ''} />
        </span>
      </div>
      {view.by !== null && (
        <div>
          <span>
            <Isolated text={view.by} />
          </span>
          <b>
            {value === null || value === undefined ? (
              'missing'
            ) : (
              <Isolated text={typeof value === 'number' ? figure(value) : value} />
            )}
          </b>
        </div>
      )}
      <div>
        <span>{points.in_window[point] ? 'this time' : 'baseline'}</span>
        <RelativeTime iso={points.time[point]!} />
      </div>
    </>
  )
}

const SNIPPET = `model = tapetum.model("NAME")
model.log(features, output=said, embedding=vector)`

function NoEmbedding() {
  return (
    <Empty title="No embeddings in this time">
      <p>
        Predictions have an embedding where one is sent with them, and every feature that is a list of always
        as many numbers, three or more, is one too.
      </p>
      <Snippet text={SNIPPET} label="Log an embedding" />
    </Empty>
  )
}
