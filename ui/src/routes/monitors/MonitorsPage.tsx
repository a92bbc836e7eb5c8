import { Button, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useMemo } from 'react'
import { monitorsQuery } from '@/api/monitorQueries'
import type { MonitorRow } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { ExportMenu } from '@/kit/ExportMenu'
import { Page } from '@/kit/Page'
import { Empty, unanswered } from '@/kit/states'
import { travelling, useView } from '@/kit/view'
import { MonitorsTable } from './MonitorsTable'
import { Proposals } from './Proposals'
import { WORDS, worstFirst } from './words'
import './monitors.css'

const EVERY_MS = 10_000

/** All monitors of the project, what fires on top. */
export function MonitorsPage() {
  const { scope, search, patch } = useView()
  const admin = useAdmin()
  const query = useQuery({ ...monitorsQuery(scope.project), refetchInterval: EVERY_MS })
  const rows = useMemo(() => (query.data?.rows ?? []).toSorted(worstFirst), [query.data])
  const wanted = search.state ?? ''
  const shown = rows.filter((row) => matches(row, wanted))
  return (
    <Page title="Monitors">
      {(rows.length > 0 || !admin) && (
        <div className="k-toolbar">
          {rows.length > 0 && (
            <SegmentedControl
              aria-label="State"
              value={wanted}
              onChange={(value) => patch({ state: value || undefined }, true)}
              data={choices(rows, wanted)}
            />
          )}
          <span className="quiet grow cut">
            {admin ? '' : 'Making and changing monitors takes a key with the admin scope.'}
          </span>
          {rows.length > 0 && (
            <ExportMenu
              what="alerts"
              scope={{ ...scope, q: '' }}
              about="Every alert of every monitor in this time"
            />
          )}
          {admin && rows.length > 0 && (
            <Button
              variant="filled"
              component={Link}
              to="/monitors/new"
              search={travelling(search) as never}
              leftSection={<Plus size={13} aria-hidden />}
            >
              New monitor
            </Button>
          )}
        </div>
      )}
      {unanswered(query, 12, 'Loading monitors') ??
        (rows.length === 0 ? (
          <div className="k-scroll">
            <Empty title={`No monitors in project ${scope.project} yet`}>
              <p>
                A monitor asks a query again and again. It calls a webhook, such as that of a chat, when the
                answer passes a limit or when there is no answer, and takes it back when that is over.
              </p>
            </Empty>
            {admin && <Proposals />}
          </div>
        ) : shown.length === 0 ? (
          <Empty
            title={`No monitor is ${wanted === 'muted' ? 'muted' : (WORDS[wanted] ?? wanted).toLowerCase()}`}
            actions={<Button onClick={() => patch({ state: undefined }, true)}>Show all</Button>}
          />
        ) : (
          <MonitorsTable rows={shown} />
        ))}
    </Page>
  )
}

const GROUPS: [key: string, label: string, states: string[]][] = [
  ['firing', 'Firing', ['firing']],
  ['trouble', 'No data', ['no_data', 'error']],
  ['ok', 'OK', ['ok', 'pending', 'waiting']],
  ['disabled', 'Disabled', ['disabled']],
]

function matches(row: MonitorRow, wanted: string): boolean {
  if (wanted === 'muted') return row.muted
  const group = GROUPS.find(([key]) => key === wanted)
  return !group || group[2].includes(row.state)
}

/** Only states that there are, and the one that was asked for. */
function choices(rows: MonitorRow[], wanted: string) {
  const all = [...GROUPS.map(([key, label]) => [key, label]), ['muted', 'Muted']] as [string, string][]
  const counted = all.map(([key, label]) => ({
    value: key,
    label,
    n: rows.filter((row) => matches(row, key)).length,
  }))
  return [
    { value: '', label: `All ${rows.length}` },
    ...counted
      .filter((one) => one.n > 0 || one.value === wanted)
      .map(({ value, label, n }) => ({ value, label: `${label} ${n}` })),
  ]
}
