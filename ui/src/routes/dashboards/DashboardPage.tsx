import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { dashboardQuery } from '@/api/dashboardQueries'
import { Page } from '@/kit/Page'
import { Failure, SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { DashboardView } from './DashboardView'
import './dashboards.css'

export function DashboardPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const { scope, search } = useView()
  const query = useQuery(dashboardQuery(scope.project, id))
  if (query.isPending) {
    return (
      <Page title="Dashboard">
        <SkeletonRows rows={12} label="Loading the dashboard" />
      </Page>
    )
  }
  if (query.isError) {
    return (
      <Page title="Dashboard">
        <Failure error={query.error} retry={() => void query.refetch()}>
          <Button component={Link} to="/dashboards" search={travelling(search) as never}>
            All dashboards
          </Button>
        </Failure>
      </Page>
    )
  }
  // Another dashboard starts with nothing of what was being changed on this one.
  return <DashboardView key={`${scope.project} ${id}`} dashboard={query.data} />
}
