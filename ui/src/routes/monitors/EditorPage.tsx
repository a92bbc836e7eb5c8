import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { monitorQuery } from '@/api/monitorQueries'
import { useAdmin } from '@/kit/admin'
import { Page } from '@/kit/Page'
import { Empty, Failure, SkeletonRows } from '@/kit/states'
import { Crumb } from '@/kit/Crumb'
import { travelling, useView } from '@/kit/view'
import { watchedOf } from './draft'
import { MonitorForm } from './MonitorForm'
import { Proposals } from './Proposals'
import './monitors.css'

/** A new monitor: of what the address says, else of a proposal. */
export function NewMonitorPage() {
  const { search } = useView()
  const definition = watchedOf(search.watch)
  return (
    <Editor title="New monitor">
      {search.watch && !definition ? (
        <>
          <Empty title="The address does not say what to watch">
            <p>It is cut or was changed. Begin with one of these.</p>
          </Empty>
          <Proposals />
        </>
      ) : definition ? (
        <MonitorForm key={search.watch} name={search.name ?? ''} definition={definition} />
      ) : (
        <div className="k-scroll">
          <Proposals />
        </div>
      )}
    </Editor>
  )
}

export function EditMonitorPage() {
  const { id = '' } = useParams({ strict: false })
  // Not asked again while somebody writes: their work is what counts.
  const query = useQuery({ ...monitorQuery(id), staleTime: Infinity })
  const row = query.data
  return (
    <Editor title={row ? `Edit ${row.name}` : 'Edit the monitor'}>
      {query.isPending ? (
        <SkeletonRows rows={12} label="Loading the monitor" />
      ) : query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : (
        <MonitorForm key={row!.id} name={row!.name} definition={row!.definition} row={row!} />
      )}
    </Editor>
  )
}

function Editor({ title, children }: { title: string; children: ReactNode }) {
  const { search } = useView()
  const admin = useAdmin()
  return (
    <Page
      title={title}
      heading={
        <div className="k-band mo-head">
          <Crumb to="/monitors" label="Monitors" />
          <h1 className="k-title mo-title cut">{title}</h1>
        </div>
      }
    >
      {admin ? (
        children
      ) : (
        <Empty
          title="Making and changing monitors takes a key with the admin scope"
          actions={
            <Button component={Link} to="/monitors" search={travelling(search) as never}>
              All monitors
            </Button>
          }
        />
      )}
    </Page>
  )
}
