/** Saved views of the page one is on, and links to it. */
import { ActionIcon, Button, Menu, Modal, TextInput, Tooltip } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation, useRouter } from '@tanstack/react-router'
import { Bookmark, Clock, Link2, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { ApiError } from '@/api/client'
import { deleteView, saveView, viewsQuery } from '@/api/dashboardQueries'
import type { SavedView } from '@/api/types'
import { useAdmin } from '@/kit/admin'
import { describe } from '@/kit/time'
import { RelativeTime } from '@/kit/values'
import { useView } from '@/kit/view'

/** What one reader has open at the moment, and no view. */
const PASSING = ['project', 'sel', 'span', 'edit']

function searchOf(href: string): string {
  const params = new URLSearchParams(href)
  for (const key of PASSING) params.delete(key)
  return params.toString()
}

/** In words, so that a list of views can be told apart. */
function said(view: SavedView): string {
  const params = new URLSearchParams(view.search)
  const from = params.get('from')
  const range = from ? describe({ from, to: params.get('to') ?? 'now' }, true) : ''
  return [params.get('q') ?? params.get('name') ?? '', range].filter(Boolean).join(' · ')
}

export function ViewsMenu(props: { time: boolean; onShare: (fixed: boolean) => void }) {
  const { scope } = useView()
  const admin = useAdmin()
  const router = useRouter()
  const { pathname } = useLocation()
  const [open, setOpen] = useState(false)
  const [managing, setManaging] = useState(false)
  const views = useQuery({ ...viewsQuery(scope.project, pathname), enabled: open || managing })
  const rows = views.data?.rows ?? []
  const go = (view: SavedView) => {
    const params = new URLSearchParams(view.search)
    params.set('project', scope.project)
    router.history.push(`${view.page}?${params.toString()}`)
  }
  return (
    <>
      <Menu position="bottom-end" width={300} opened={open} onChange={setOpen}>
        <Menu.Target>
          <Tooltip label="Saved views" disabled={open}>
            <ActionIcon aria-label="Saved views">
              <Bookmark size={15} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflow: 'auto' }}>
          <Menu.Label>
            {views.isError
              ? 'The views could not be read'
              : rows.length
                ? 'Views of this page'
                : views.isPending
                  ? 'Looking for views of this page'
                  : 'No views of this page yet'}
          </Menu.Label>
          {rows.map((view) => (
            <Menu.Item key={view.id} onClick={() => go(view)}>
              <span className="cut" style={{ display: 'block' }}>
                {view.name}
              </span>
              <span className="quiet cut s-view">{said(view)}</span>
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<Plus size={13} />}
            disabled={!admin}
            title={admin ? undefined : 'This takes a key with the admin scope'}
            onClick={() => setManaging(true)}
          >
            {rows.length ? 'Save or delete a view' : 'Save this view'}
          </Menu.Item>
          <Menu.Item leftSection={<Link2 size={13} />} onClick={() => props.onShare(true)}>
            {props.time ? 'Copy a link to these times' : 'Copy a link'}
          </Menu.Item>
          {props.time && (
            <Menu.Item leftSection={<Clock size={13} />} onClick={() => props.onShare(false)}>
              Copy a link that moves with time
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {managing && (
        <Manage project={scope.project} page={pathname} rows={rows} onClose={() => setManaging(false)} />
      )}
    </>
  )
}

function Manage(props: { project: string; page: string; rows: SavedView[]; onClose: () => void }) {
  const { project, page, rows, onClose } = props
  const client = useQueryClient()
  const [name, setName] = useState('')
  const there = rows.some((view) => view.name === name.trim())
  const changed = () => void client.invalidateQueries({ queryKey: ['/views', project] })
  const save = useMutation({
    mutationFn: () =>
      saveView({ project, page, name: name.trim(), search: searchOf(location.search), replace: there }),
    onSuccess: (view) => {
      changed()
      notifications.show({ message: `View “${view.name}” saved` })
      onClose()
    },
  })
  const remove = useMutation({ mutationFn: (id: string) => deleteView(project, id), onSuccess: changed })
  const problem = save.error ?? remove.error
  return (
    <Modal opened onClose={onClose} title="Views of this page" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        className="s-views"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim()) save.mutate()
        }}
      >
        <TextInput
          label="Name of what is on the page now"
          description="Everybody in the project sees it; a time like “last hour” moves on"
          value={name}
          maxLength={100}
          data-autofocus
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {problem && (
          <p role="alert">
            {problem.message} {problem instanceof ApiError && problem.hint}
          </p>
        )}
        <Button type="submit" variant="filled" disabled={!name.trim()} loading={save.isPending}>
          {there ? 'Replace' : 'Save'}
        </Button>
      </form>
      {rows.length > 0 && (
        <ul className="s-views-list" aria-label="Saved views">
          {rows.map((view) => (
            <li key={view.id}>
              <div className="grow">
                <p className="cut">{view.name}</p>
                <p className="quiet cut s-view">
                  {view.created_by}, <RelativeTime iso={view.created_at} />
                </p>
              </div>
              <ActionIcon aria-label={`Delete the view ${view.name}`} onClick={() => remove.mutate(view.id)}>
                <Trash2 size={13} />
              </ActionIcon>
            </li>
          ))}
        </ul>
      )}
    </Modal>
  )
}
