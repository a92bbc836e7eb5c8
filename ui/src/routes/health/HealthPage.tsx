import { useQuery } from '@tanstack/react-query'
import { healthQuery } from '@/api/healthQueries'
import { infoQuery } from '@/api/queries'
import type { HealthReport } from '@/api/types'
import { Page } from '@/kit/Page'
import { COMMON_SENDERS, SetUp } from '@/kit/SetUp'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'
import { Attention } from './Attention'
import { Checks } from './Checks'
import { DemoFaults } from './DemoFaults'
import { ChangesCard, MonitorsCard } from './HappeningCards'
import { HostsCard } from './HostsCard'
import { IngestNumbers, StoreCard, TrafficCard } from './NumberCards'
import './health.css'

const LOOK_EVERY_MS = 15_000

/** What is wrong, and where to click; below it how things stand. It looks again by itself. */
export function HealthPage() {
  const { scope } = useView()
  const info = useQuery(infoQuery)
  const report = useQuery({ ...healthQuery(scope.project), refetchInterval: LOOK_EVERY_MS })
  const { data } = report
  return (
    <Page title="Health">
      {report.isPending ? (
        <SkeletonRows rows={16} label="Looking at everything" />
      ) : !data ? (
        <Failure error={report.error} retry={() => void report.refetch()} />
      ) : (
        <div className="k-scroll health-page" tabIndex={0} role="region" aria-label="Health">
          {report.isError && (
            <p className="health-stale" role="alert">
              The server does not answer ({report.error.message}). This is how it was{' '}
              <RelativeTime iso={data.time} />.
            </p>
          )}
          <Attention report={data} />
          {isEmpty(data) ? (
            <Nothing project={scope.project} />
          ) : (
            <Cards report={data} project={scope.project} />
          )}
          {info.data?.demo && <DemoFaults />}
          <Checks checks={data.checks} />
        </div>
      )}
    </Page>
  )
}

function Cards({ report, project }: { report: HealthReport; project: string }) {
  return (
    <div className="health-cards">
      <TrafficCard traffic={report.traffic} />
      <IngestNumbers ingest={report.ingest} />
      <HostsCard hosts={report.hosts} />
      <ChangesCard changes={report.changes} />
      <MonitorsCard monitors={report.monitors} />
      <StoreCard disk={report.disk} project={project} />
    </div>
  )
}

function isEmpty({ traffic, ingest, hosts, changes, monitors, attention }: HealthReport): boolean {
  const came = ingest.accepted + ingest.refused + traffic.requests
  return (
    !came &&
    !hosts.length &&
    !changes.length &&
    !monitors.length &&
    !attention.some((row) => row.rule !== 'disk_full')
  )
}

function Nothing({ project }: { project: string }) {
  return (
    <Empty title={`Nothing arrived in project ${project} in the last hour`}>
      <p>Services, ingest and hosts stand here as soon as something comes.</p>
      <SetUp project={project} kinds={COMMON_SENDERS} />
    </Empty>
  )
}
