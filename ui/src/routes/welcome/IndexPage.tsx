import { useQuery } from '@tanstack/react-query'
import { Navigate } from '@tanstack/react-router'
import { useState } from 'react'
import { infoQuery } from '@/api/queries'
import { Page } from '@/kit/Page'
import { Failure, SkeletonRows } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { startProject } from '@/shell/startProject'
import { arrivalQuery } from './firstRecord'
import { Welcome } from './Welcome'

/** Where everything starts: the welcome of a project without data, else what needs attention in it. */
export function IndexPage() {
  const { search, scope } = useView()
  const info = useQuery(infoQuery)
  // The shell is about to name another project in the address.
  const decided = search.project !== undefined || (info.data !== undefined && !startProject(info.data))
  const start = useQuery({ ...arrivalQuery(scope.project), enabled: decided })
  const [welcomed, setWelcomed] = useState<string>()
  const waits = start.data !== undefined && !start.data.first
  if (waits && welcomed !== scope.project) setWelcomed(scope.project)
  if (waits || welcomed === scope.project) return <Welcome project={scope.project} />
  if (start.data) return <Navigate to="/health" search={travelling(search)} replace />
  return (
    <Page title="Tapetum">
      {start.isError ? (
        <Failure error={start.error} retry={() => void start.refetch()} />
      ) : (
        <SkeletonRows label="Looking for data" />
      )}
    </Page>
  )
}
