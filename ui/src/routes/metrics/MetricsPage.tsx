import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { metricCatalogQuery } from '@/api/metricQueries'
import type { MetricEntry } from '@/api/types'
import { Isolated } from '@/kit/Isolated'
import { environmentTerms } from '@/kit/environment'
import { LongerTimes, useWhen } from '@/kit/NothingFound'
import { Outside } from '@/kit/Outside'
import { Page } from '@/kit/Page'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'
import { Button } from '@mantine/core'
import { Catalogue, kindOf } from './Catalogue'
import { Explore } from './Explore'
import { kindKey, metricOf } from './kind'
import { plainUnit } from '@/kit/units'
import './metrics.css'

/** Everything that is about one metric: left behind when another is chosen. */
const ABOUT_ONE = {
  agg: undefined,
  quantile: undefined,
  by: undefined,
  order: undefined,
}

export function MetricsPage() {
  const { scope, search, patch } = useView()
  const when = useWhen()
  const environment = environmentTerms(scope.q)
  const catalogue = useQuery(metricCatalogQuery(scope.project, scope.from, scope.to, environment))
  const metrics = catalogue.data?.metrics
  const about = useMemo(() => ({ ...scope, q: environment ?? '' }), [scope, environment])
  const name = search.name
  const { entry, others } = useMemo(
    () => metricOf(metrics ?? [], name, search.kind),
    [metrics, name, search.kind],
  )
  const choose = (next: MetricEntry | undefined) => {
    const alone = metrics?.filter((m) => m.name === next?.name).length === 1
    patch({
      ...ABOUT_ONE,
      q: environment,
      name: next?.name,
      kind: next && !alone ? kindKey(next) : undefined,
    })
  }

  if (catalogue.isPending) {
    return (
      <Page title="Metrics">
        <SkeletonRows rows={18} label="Loading the catalogue" />
      </Page>
    )
  }
  if (catalogue.isError && !metrics) {
    return (
      <Page title="Metrics">
        <Failure error={catalogue.error} retry={() => void catalogue.refetch()} />
      </Page>
    )
  }
  if (!metrics?.length && !name) {
    return (
      <Page title="Metrics">
        <Outside signal="metrics" scope={about} />
        <Empty
          title={`No metrics ${environment ? `with ${environment} ` : ''}in project ${scope.project} (${when})`}
          actions={
            <>
              {environment && <Button onClick={() => patch({ q: undefined })}>All environments</Button>}
              <LongerTimes />
            </>
          }
        >
          <p>Any OpenTelemetry metric exporter or Collector fills this page.</p>
          <SetUp project={scope.project} kinds={COMMON_SENDERS} />
        </Empty>
      </Page>
    )
  }
  return (
    <Page title="Metrics">
      <div className={name ? 'metrics-page chosen' : 'metrics-page'}>
        <Catalogue
          metrics={metrics ?? []}
          selected={entry}
          find={search.find ?? ''}
          onFind={(find) => patch({ find: find || undefined }, true)}
          onSelect={choose}
        />
        <div className="metrics-explore">
          {name ? (
            <Explore
              key={`${name} ${search.kind ?? ''}`}
              name={name}
              entry={entry}
              others={others}
              onChoose={choose}
            />
          ) : (
            <>
              <Outside signal="metrics" scope={about} />
              <Suggestions metrics={metrics ?? []} onSelect={choose} />
            </>
          )}
        </div>
      </div>
    </Page>
  )
}

/** A place to start for somebody who knows no name yet. */
function Suggestions(props: { metrics: MetricEntry[]; onSelect: (entry: MetricEntry) => void }) {
  const known =
    /^(http\.server\.request\.duration|gen_ai\.client\.(operation\.duration|token\.usage)|system\.cpu|process\.cpu)/
  const first = [
    ...props.metrics.filter((m) => known.test(m.name)),
    ...props.metrics.filter((m) => !known.test(m.name)).toSorted((a, b) => b.series - a.series),
  ].slice(0, 8)
  return (
    <Empty title="Choose a metric">
      <p>The list has every metric that arrived in this time. Some to start with:</p>
      <ul className="metrics-start">
        {first.map((m) => (
          <li key={`${m.name} ${kindKey(m)}`}>
            <button type="button" className="plain" onClick={() => props.onSelect(m)}>
              {m.name}
            </button>{' '}
            <span className="unit">
              {kindOf(m.type).word}
              {plainUnit(m.unit) && ' · '}
              <Isolated text={plainUnit(m.unit)} />
            </span>
          </li>
        ))}
      </ul>
    </Empty>
  )
}
