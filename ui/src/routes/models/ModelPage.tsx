import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { modelQuery } from '@/api/modelQueries'
import type { ModelDetail } from '@/api/types'
import { Crumb } from '@/kit/Crumb'
import { count } from '@/kit/format'
import { Isolated } from '@/kit/Isolated'
import { Page } from '@/kit/Page'
import { unanswered } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { Rate, Took } from '../services/measures'
import { Coverage, Flagged } from './measures'
import { Drift } from './Drift'
import { Embeddings } from './Embeddings'
import { Overview } from './Overview'
import { Performance } from './Performance'
import { Predictions } from './Predictions'
import { Slices } from './Slices'
import { Versions } from './Versions'
import './models.css'

const LIVE_MS = 10_000

/** One model: how it does over time, its predictions, its versions. */
export function ModelPage() {
  const { scope, live, search, patch } = useView()
  const model = search.name ?? ''
  const query = useQuery({ ...modelQuery(scope, model), refetchInterval: live ? LIVE_MS : false })
  const view = search.view ?? 'overview'
  const tabs = (
    <SegmentedControl
      className="mo-tabs"
      aria-label="Show"
      value={view}
      onChange={(value) =>
        patch({
          view: value === 'overview' ? undefined : value,
          sort: undefined,
          sel: undefined,
          by: undefined,
          cross: undefined,
          area: undefined,
        })
      }
      data={[
        { value: 'overview', label: 'Overview' },
        { value: 'performance', label: 'Performance' },
        { value: 'slices', label: 'Slices' },
        { value: 'drift', label: 'Drift' },
        ...(query.data?.has_vectors || view === 'embeddings'
          ? [{ value: 'embeddings', label: 'Embeddings' }]
          : []),
        { value: 'predictions', label: 'Predictions' },
        { value: 'versions', label: 'Versions' },
      ]}
    />
  )
  return (
    <Page title={model} heading={<Head model={model} detail={query.data} />}>
      {view === 'predictions' ? (
        <Predictions model={model} tabs={tabs} />
      ) : view === 'drift' && !query.isPending ? (
        <Drift model={model} tabs={tabs} detail={query.data} />
      ) : view === 'embeddings' ? (
        <Embeddings model={model} tabs={tabs} versions={query.data?.versions ?? []} />
      ) : view === 'performance' ? (
        <Performance model={model} tabs={tabs} detail={query.data} />
      ) : view === 'slices' ? (
        <Slices model={model} tabs={tabs} versions={query.data?.versions ?? []} />
      ) : (
        <>
          <div className="k-toolbar">{tabs}</div>
          {unanswered(query, 16, 'Loading the model') ??
            (view === 'versions' ? (
              <Versions model={model} detail={query.data!} />
            ) : (
              <Overview detail={query.data!} />
            ))}
        </>
      )}
    </Page>
  )
}

function Head({ model, detail }: { model: string; detail: ModelDetail | undefined }) {
  return (
    <div className="k-band">
      <div className="row">
        <Crumb to="/models" label="Models" />
        <h1 className="k-title cut" title={model}>
          <Isolated text={model} />
        </h1>
      </div>
      {/* The line is there before its words: what stands below would move when they come. */}
      {!detail ? (
        <p className="mo-facts">&nbsp;</p>
      ) : (
        <p className="mo-facts">
          <span>
            <Rate perSecond={detail.rate_per_s} />{' '}
            <span className="unit">{count(detail.predictions)} predictions</span>
          </span>
          <span>
            labels <Coverage of={detail} />
          </span>
          {detail.flagged > 0 && (
            <span>
              odd scores <Flagged count={detail.flagged} of={detail.predictions} />
            </span>
          )}
          {detail.p95_ms !== null && (
            <span>
              p95 <Took ms={detail.p95_ms} />
            </span>
          )}
          <span className="quiet">
            last seen <RelativeTime iso={detail.last_seen} />
          </span>
        </p>
      )}
    </div>
  )
}
