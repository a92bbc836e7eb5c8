import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { servicesQuery } from '@/api/serviceQueries'
import type { ServiceRow } from '@/api/types'
import { csvCell, downloadText } from '@/kit/download'
import { ExportMenu } from '@/kit/ExportMenu'
import { FilterBar } from '@/kit/FilterBar'
import { count, counted } from '@/kit/format'
import { NothingFound } from '@/kit/NothingFound'
import { Explorer, Page } from '@/kit/Page'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { SkeletonRows, unanswered } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { SPAN_KEYS } from '../traces/columns'
import { ServicesTable } from './ServicesTable'
import './services.css'

// Laying out a graph is a library of its own: loaded by those who look at one.
const ServiceMapView = lazy(() => import('./ServiceMapView').then((m) => ({ default: m.ServiceMapView })))
const LIVE_MS = 10_000

const COLUMNS = [
  'service',
  'basis',
  'requests',
  'rate_per_s',
  'errors',
  'error_rate',
  'p50_ms',
  'p95_ms',
  'p99_ms',
] as const

const csvOf = (rows: ServiceRow[]): string =>
  [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\r\n')

/** Every service, how it does, and who asks whom. */
export function ServicesPage({ map = false }: { map?: boolean }) {
  const { scope, live, search, setQ } = useView()
  const navigate = useNavigate()
  const query = useQuery({ ...servicesQuery(scope), refetchInterval: live ? LIVE_MS : false })
  const rows = query.data?.rows ?? []
  const tabs = (
    <SegmentedControl
      aria-label="Services as"
      value={map ? 'map' : 'table'}
      onChange={(value) =>
        void navigate({
          to: value === 'map' ? '/services-map' : '/services',
          search: { ...travelling(search), q: search.q },
        })
      }
      data={[
        { value: 'table', label: 'Services' },
        { value: 'map', label: 'Map' },
      ]}
    />
  )
  return (
    <Page title={map ? 'Service map' : 'Services'}>
      <Explorer
        filter={
          <FilterBar
            scope={scope}
            signal="spans"
            keys={SPAN_KEYS}
            placeholder="Filter: service:web name:GET* http.route:/buy, or words"
            onChange={setQ}
          />
        }
      >
        {!(map && rows.length) && (
          <div className="k-toolbar">
            {tabs}
            <span className="quiet" role="status">
              {!query.data
                ? ''
                : query.data.truncated
                  ? `The ${count(rows.length)} busiest of ${count(query.data.total)} services: filter for others, service:name*`
                  : counted(rows.length, 'service')}
            </span>
            <span className="grow" />
            <ExportMenu
              what="spans"
              scope={scope}
              disabled={rows.length === 0}
              shown={{
                label: 'CSV of the services',
                save: () => downloadText('services.csv', 'text/csv', csvOf(rows)),
              }}
            />
          </div>
        )}
        {unanswered(query, 16, 'Loading services') ??
          (rows.length === 0 ? (
            <NothingFound what="services" filtering="spans" filtered={scope.q !== ''}>
              <p>
                A service is whatever sends spans under a name of its own (<code>service.name</code>).
              </p>
              <SetUp project={scope.project} kinds={COMMON_SENDERS} />
            </NothingFound>
          ) : map ? (
            <Suspense fallback={<SkeletonRows rows={16} label="Loading the map" />}>
              <ServiceMapView tabs={tabs} />
            </Suspense>
          ) : (
            <ServicesTable rows={rows} />
          ))}
      </Explorer>
    </Page>
  )
}

export const ServiceMapPage = () => <ServicesPage map />
