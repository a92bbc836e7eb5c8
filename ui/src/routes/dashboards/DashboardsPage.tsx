import { Button, FileButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { LayoutDashboard, Plus, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { dashboardsQuery } from '@/api/dashboardQueries'
import type { DashboardRow } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { RelativeTime } from '@/kit/values'
import { travelling, useView } from '@/kit/view'
import { DashboardMenu } from './Header'
import { useMake } from './use'
import './dashboards.css'

const NEW = { schema_version: 1 as const, title: 'New dashboard', panels: [], variables: [], description: '' }

export function DashboardsPage() {
  const { scope } = useView()
  const admin = useAdmin()
  const query = useQuery(dashboardsQuery(scope.project))
  const make = useMake(true)
  const load = useMake()
  const [file, setFile] = useState('')
  const forget = useRef<() => void>(null)
  const read = (chosen: File | null) => {
    if (!chosen) return
    // The same file, mended, is another choice.
    forget.current?.()
    setFile(chosen.name)
    void chosen.text().then((text) => load.mutate(text))
  }
  const rows = query.data?.rows ?? []
  const own = rows.filter((row) => !row.shipped)
  const shipped = rows.filter((row) => row.shipped)
  const buttons = admin && (
    <>
      <FileButton
        resetRef={forget}
        onChange={read}
        accept="application/json,.json"
        inputProps={{ 'aria-label': 'A dashboard’s file' }}
      >
        {(props) => (
          <Button {...props} leftSection={<Upload size={13} aria-hidden />} loading={load.isPending}>
            Import
          </Button>
        )}
      </FileButton>
      <Button
        variant="filled"
        leftSection={<Plus size={13} aria-hidden />}
        loading={make.isPending}
        onClick={() => make.mutate(NEW)}
      >
        New dashboard
      </Button>
    </>
  )
  return (
    <Page title="Dashboards">
      <div className="k-toolbar">
        <span className="quiet grow">
          {admin ? '' : 'Making and changing dashboards takes a key with the admin scope.'}
        </span>
        {buttons}
      </div>
      <div className="k-scroll d-list">
        {load.isError && (
          <section aria-label={`Import of ${file}`}>
            <p className="quiet">{file} was not imported:</p>
            <Failure error={load.error} />
          </section>
        )}
        {make.isError && <Failure error={make.error} />}
        {query.isPending ? (
          <SkeletonRows rows={8} label="Loading dashboards" />
        ) : query.isError ? (
          <Failure error={query.error} retry={() => void query.refetch()} />
        ) : (
          <>
            <section aria-labelledby="own">
              <h2 id="own">Of this project</h2>
              {own.length ? (
                <List rows={own} />
              ) : (
                <Empty title="None yet">
                  <p>
                    Pin a chart from Traces, Logs, Metrics or SQL, make one here, or copy one of those below
                    and change it.
                  </p>
                </Empty>
              )}
            </section>
            <section aria-labelledby="shipped">
              <h2 id="shipped">Come with Tapetum</h2>
              <List rows={shipped} />
            </section>
          </>
        )}
      </div>
    </Page>
  )
}

function List({ rows }: { rows: DashboardRow[] }) {
  const { search } = useView()
  return (
    <ul className="d-rows">
      {rows.map((row) => (
        <li key={row.id}>
          <LayoutDashboard size={14} aria-hidden className="quiet" />
          <div className="grow">
            <Link
              to="/dashboards/$id"
              params={{ id: row.id }}
              search={{ ...travelling(search), q: undefined } as never}
            >
              {row.title}
            </Link>
            {row.description && <p className="quiet cut">{row.description}</p>}
          </div>
          <span className="quiet d-many">
            {row.panels} {row.panels === 1 ? 'panel' : 'panels'}
          </span>
          <span className="quiet d-when cut">
            {row.updated_at && (
              <>
                <RelativeTime iso={row.updated_at} /> by {row.updated_by}
              </>
            )}
          </span>
          <DashboardMenu row={row} />
        </li>
      ))}
    </ul>
  )
}
