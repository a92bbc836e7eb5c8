import { ActionIcon, Button, Menu, Modal } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Copy, Download, MoreHorizontal, Pencil, Plus, Settings2, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { apiUrl } from '@/api/client'
import { deleteDashboard } from '@/api/dashboardQueries'
import type { Dashboard, DashboardDocument, DashboardRow } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { Crumb } from '@/kit/Crumb'
import { travelling, useView } from '@/kit/view'
import { useMake } from './use'

interface Props {
  dashboard: Dashboard
  document: DashboardDocument
  editing: boolean
  changed: boolean
  saving: boolean
  onEdit: (() => void) | undefined
  onAdd: () => void
  onSettings: () => void
  onSave: () => void
  onCancel: () => void
}

export function Header(props: Props) {
  const { dashboard, document } = props
  const admin = useAdmin()
  const make = useMake(true)
  return (
    <header className="d-head">
      <Crumb to="/dashboards" label="Dashboards" />
      <h1 className="cut" title={document.title}>
        {document.title}
      </h1>
      {document.description && (
        <span className="quiet cut d-about" title={document.description}>
          {document.description}
        </span>
      )}
      <span className="grow" />
      {props.editing ? (
        <>
          <Button leftSection={<Plus size={13} aria-hidden />} onClick={props.onAdd}>
            Add a panel
          </Button>
          <Button leftSection={<Settings2 size={13} aria-hidden />} onClick={props.onSettings}>
            Title and variables
          </Button>
          <Button onClick={props.onCancel}>{props.changed ? 'Discard' : 'Done'}</Button>
          {props.changed && (
            <Button variant="filled" loading={props.saving} onClick={props.onSave}>
              Save
            </Button>
          )}
        </>
      ) : (
        <>
          {props.onEdit && (
            <Button leftSection={<Pencil size={13} aria-hidden />} onClick={props.onEdit}>
              Edit
            </Button>
          )}
          {dashboard.shipped && admin && (
            <Button
              leftSection={<Copy size={13} aria-hidden />}
              loading={make.isPending}
              onClick={() => make.mutate(copyOf(dashboard.document))}
            >
              Copy to edit
            </Button>
          )}
          <DashboardMenu row={dashboard} document={dashboard.document} />
        </>
      )}
    </header>
  )
}

export const copyOf = (document: DashboardDocument): DashboardDocument => ({
  ...document,
  title: `${document.title.slice(0, 190)}, copy`,
})

/** Export for everybody; copy and delete for who may. */
export function DashboardMenu({ row, document }: { row: DashboardRow; document?: DashboardDocument }) {
  const { scope, search } = useView()
  const admin = useAdmin()
  const make = useMake(true)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [deleting, setDeleting] = useState(false)
  const remove = useMutation({
    mutationFn: () => deleteDashboard(scope.project, row.id),
    onSuccess: () => {
      setDeleting(false)
      notifications.show({ message: `Dashboard “${row.title}” deleted` })
      void client.invalidateQueries({ queryKey: ['/dashboards', scope.project], exact: true })
      if (document) void navigate({ to: '/dashboards', search: travelling(search) as never })
    },
  })
  const exported = apiUrl(`/dashboards/${encodeURIComponent(row.id)}/export`, { project: scope.project })
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={`More about ${row.title}`}>
            <MoreHorizontal size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Download size={13} />} component="a" href={exported} download>
            Export JSON
          </Menu.Item>
          {admin && document && (
            <Menu.Item leftSection={<Copy size={13} />} onClick={() => make.mutate(copyOf(document))}>
              Duplicate
            </Menu.Item>
          )}
          {admin && !row.shipped && (
            <Menu.Item leftSection={<Trash2 size={13} />} onClick={() => setDeleting(true)}>
              Delete
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={deleting}
        onClose={() => setDeleting(false)}
        title={`Delete “${row.title}”?`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <p>It goes for everybody in the project. Export it first if you may want it back.</p>
        {remove.error && <p role="alert">{remove.error.message}</p>}
        <div className="d-actions">
          <Button onClick={() => setDeleting(false)}>Cancel</Button>
          <Button className="d-danger" loading={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        </div>
      </Modal>
    </>
  )
}
