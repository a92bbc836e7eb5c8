import { useQuery } from '@tanstack/react-query'
import { dashboardQuery } from '@/api/dashboardQueries'
import type { DashboardPanel } from '@/api/types'
import { PinMenu } from './PinMenu'
import { settledQuery, type Chosen } from './variables'
import { useView } from './view'

/** Pins the question of a panel of a dashboard that came with Tapetum: the same numbers as a chart of ours shows. */
export function PinShipped(p: {
  dashboard: 'host' | 'ingest'
  panel: string
  title: string
  chosen: Chosen
  chart?: DashboardPanel['chart']
}) {
  const { scope } = useView()
  const shipped = useQuery({ ...dashboardQuery(scope.project, p.dashboard), staleTime: Infinity })
  const found = shipped.data?.document.panels?.find((one) => one.id === p.panel)
  if (!found) return null
  return (
    <PinMenu
      small
      query={settledQuery(found.query, p.chosen)}
      chart={p.chart ?? found.chart}
      title={p.title}
    />
  )
}
