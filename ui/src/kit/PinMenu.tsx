/** Puts a chart or a result on a dashboard, an own one or a new one; and beside it, makes a monitor of it. */
import { ActionIcon, Button, Modal, Select, TextInput, Tooltip } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Pin } from 'lucide-react'
import { useState } from 'react'
import { ApiError } from '@/api/client'
import { changeDashboard, createDashboard, dashboardQuery, dashboardsQuery } from '@/api/dashboardQueries'
import type { Dashboard, DashboardPanel, SavedQuery } from '@/api/types'
import { useAdmin } from './admin'
import { free, newId } from './grid'
import { MakeMonitor } from './MakeMonitor'
import { SkeletonRows } from './states'
import { useView } from './view'
import './pin.css'

interface Props {
  query: SavedQuery
  /** What the panel is called unless the reader says otherwise. */
  title: string
  chart?: DashboardPanel['chart']
  /** An icon alone, beside a chart. */
  small?: boolean
  disabled?: boolean
  /** Without the way to a monitor: it is one already. */
  alone?: boolean
}

export function PinMenu(props: Props) {
  const admin = useAdmin()
  const [open, setOpen] = useState(false)
  const label = admin ? 'Pin to a dashboard' : 'Pinning takes a key with the admin scope'
  const off = props.disabled || !admin
  const what = `Pin ${props.title} to a dashboard`
  return (
    <>
      <Tooltip label={label}>
        {props.small ? (
          <ActionIcon size={20} aria-label={what} disabled={off} onClick={() => setOpen(true)}>
            <Pin size={12} />
          </ActionIcon>
        ) : (
          <Button
            leftSection={<Pin size={13} aria-hidden />}
            aria-label={what}
            disabled={off}
            onClick={() => setOpen(true)}
          >
            Pin
          </Button>
        )}
      </Tooltip>
      {!props.alone && (
        <MakeMonitor
          query={props.query}
          title={props.title}
          small={props.small ?? false}
          disabled={props.disabled ?? false}
        />
      )}
      {open && <PinWindow {...props} onClose={() => setOpen(false)} />}
    </>
  )
}

const NEW = ''

function PinWindow({ query, title, chart = 'line', onClose }: Props & { onClose: () => void }) {
  const { scope } = useView()
  const client = useQueryClient()
  const navigate = useNavigate()
  const list = useQuery(dashboardsQuery(scope.project))
  const own = list.data?.rows.filter((row) => !row.shipped) ?? []
  const [name, setName] = useState(title)
  const [chosen, setChosen] = useState<string>()
  const [fresh, setFresh] = useState('')
  const id = chosen ?? own[0]?.id ?? NEW
  const ready = name.trim() !== '' && (id !== NEW || fresh.trim() !== '')
  const pin = useMutation({
    mutationFn: async (): Promise<Dashboard> => {
      const panelOn = (panels: DashboardPanel[]): DashboardPanel => ({
        id: newId(panels),
        title: name.trim(),
        query,
        chart,
        ...free(panels, 6, 8),
      })
      if (id === NEW) {
        return createDashboard(scope.project, {
          schema_version: 1,
          title: fresh.trim(),
          panels: [panelOn([])],
        })
      }
      for (let attempt = 0; ; attempt++) {
        const now = await client.fetchQuery({ ...dashboardQuery(scope.project, id), staleTime: 0 })
        const panels = now.document.panels ?? []
        try {
          const document = { ...now.document, panels: [...panels, panelOn(panels)] }
          return await changeDashboard(scope.project, id, now.revision, document)
        } catch (error) {
          // Somebody changed it between reading and writing: one more panel fits beside that.
          if (attempt > 2 || !(error instanceof ApiError) || error.code !== 'dashboard_changed') throw error
        }
      }
    },
    onSuccess: (kept) => {
      client.setQueryData(dashboardQuery(scope.project, kept.id).queryKey, kept)
      void client.invalidateQueries({ queryKey: ['/dashboards', scope.project], exact: true })
      const show = () =>
        void navigate({
          to: '/dashboards/$id',
          params: { id: kept.id },
          search: (old) => ({ project: old.project, from: old.from, to: old.to }) as never,
        })
      notifications.show({
        message: (
          <>
            Pinned to{' '}
            <button type="button" className="plain k-pin-link" onClick={show}>
              {kept.title}
            </button>
          </>
        ),
      })
      onClose()
    },
  })
  return (
    <Modal opened onClose={onClose} title="Pin to a dashboard" closeButtonProps={{ 'aria-label': 'Close' }}>
      {list.isPending ? (
        <SkeletonRows rows={3} label="Loading dashboards" />
      ) : (
        <form
          className="k-pin"
          onSubmit={(event) => {
            event.preventDefault()
            if (ready) pin.mutate()
          }}
        >
          <TextInput
            label="Title of the panel"
            value={name}
            maxLength={200}
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="Dashboard"
            data={[
              ...own.map((row) => ({ value: row.id, label: row.title })),
              { value: NEW, label: 'A new dashboard' },
            ]}
            value={id}
            allowDeselect={false}
            searchable={own.length > 8}
            onChange={(value) => setChosen(value ?? NEW)}
          />
          {id === NEW && (
            <TextInput
              label="Title of the new dashboard"
              value={fresh}
              maxLength={200}
              onChange={(event) => setFresh(event.currentTarget.value)}
            />
          )}
          {pin.error && (
            <p role="alert" className="k-pin-error">
              {pin.error.message} {pin.error instanceof ApiError && pin.error.hint}
            </p>
          )}
          <div className="k-pin-actions">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="filled" disabled={!ready} loading={pin.isPending}>
              Pin
            </Button>
          </div>
        </form>
      )}
    </Modal>
  )
}
