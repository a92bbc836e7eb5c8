/** What an admin can do with a monitor from its page. */
import { ActionIcon, Button, Menu, Modal, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { BellOff, BellRing, MoreHorizontal, Pencil, Power, Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { deleteMonitor, testMonitor } from '@/api/monitorQueries'
import type { MonitorRow } from '@/api/types'
import { useUtc } from '@/kit/prefs'
import { stamp } from '@/kit/time'
import { travelling, useView } from '@/kit/view'
import { useChange } from './useMonitor'

const HOUR_MS = 3_600_000

export function Actions({ row }: { row: MonitorRow }) {
  const { search } = useView()
  const client = useQueryClient()
  const [window, setWindow] = useState<'delete' | 'mute'>()
  const change = useChange(row)
  const test = useMutation({
    mutationFn: () => testMonitor(row.id),
    onSuccess: () => {
      notifications.show({ message: 'A test is on its way: see below what comes of it' })
      void client.invalidateQueries({ queryKey: ['/monitors', 'deliveries', row.id] })
    },
    onError: (error) => notifications.show({ message: error.message, color: 'red' }),
  })
  const mute = (until: number | null) =>
    change.mutate({
      change: { muted_until: until === null ? null : new Date(until).toISOString() },
      said: until === null ? `“${row.name}” calls again` : `“${row.name}” is muted`,
    })
  return (
    <>
      <Button
        component={Link}
        to="/monitors/$id/edit"
        params={{ id: row.id } as never}
        search={travelling(search) as never}
        leftSection={<Pencil size={13} aria-hidden />}
      >
        Edit
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button leftSection={<BellOff size={13} aria-hidden />} loading={change.isPending}>
            {row.muted ? 'Muted' : 'Mute'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => mute(Date.now() + HOUR_MS)}>For 1 hour</Menu.Item>
          <Menu.Item onClick={() => mute(Date.now() + 4 * HOUR_MS)}>For 4 hours</Menu.Item>
          <Menu.Item onClick={() => setWindow('mute')}>Until…</Menu.Item>
          {row.muted && (
            <Menu.Item leftSection={<BellRing size={13} />} onClick={() => mute(null)}>
              Call again
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={`More about ${row.name}`}>
            <MoreHorizontal size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Send size={13} />} disabled={!row.webhook} onClick={() => test.mutate()}>
            {row.webhook ? 'Send a test' : 'Send a test (it has no webhook)'}
          </Menu.Item>
          <Menu.Item
            leftSection={<Power size={13} />}
            onClick={() =>
              change.mutate({
                change: { enabled: !row.enabled },
                said: row.enabled ? `“${row.name}” is disabled` : `“${row.name}” is enabled`,
              })
            }
          >
            {row.enabled ? 'Disable' : 'Enable'}
          </Menu.Item>
          <Menu.Item leftSection={<Trash2 size={13} />} onClick={() => setWindow('delete')}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {window === 'delete' && <Delete row={row} onClose={() => setWindow(undefined)} />}
      {window === 'mute' && (
        <Until
          row={row}
          onUntil={(until) => {
            setWindow(undefined)
            mute(until)
          }}
          onClose={() => setWindow(undefined)}
        />
      )}
    </>
  )
}

function Delete({ row, onClose }: { row: MonitorRow; onClose: () => void }) {
  const { search } = useView()
  const client = useQueryClient()
  const navigate = useNavigate()
  const remove = useMutation({
    mutationFn: () => deleteMonitor(row.id),
    onSuccess: () => {
      notifications.show({ message: `Monitor “${row.name}” deleted` })
      void navigate({ to: '/monitors', search: travelling(search) as never }).then(() => {
        client.removeQueries({ queryKey: ['/monitors', 'one', row.id] })
        void client.invalidateQueries({ queryKey: ['/monitors', row.project] })
      })
    },
  })
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Delete “${row.name}”?`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p>
        Nobody is called any more; what it says is wrong now is taken back. Its history stays in the view{' '}
        <span className="mono">alerts</span>. To silence it for a while, mute or disable it.
      </p>
      {remove.error && <p role="alert">{remove.error.message}</p>}
      <div className="k-window-actions">
        <Button data-autofocus onClick={onClose}>
          Keep it
        </Button>
        <Button className="k-danger" loading={remove.isPending} onClick={() => remove.mutate()}>
          Delete
        </Button>
      </div>
    </Modal>
  )
}

function Until(props: { row: MonitorRow; onUntil: (ms: number) => void; onClose: () => void }) {
  const [utc] = useUtc()
  // Eight in the morning after the night that somebody wants to sleep through.
  const [text, setText] = useState(() => `${stamp(Date.now() + 24 * HOUR_MS, utc).slice(0, 10)}T08:00`)
  const until = Date.parse(utc ? `${text}Z` : text)
  const wrong = Number.isNaN(until) ? 'Write a day and a time.' : until <= Date.now() ? 'That is past.' : null
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={`Mute “${props.row.name}”`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!wrong) props.onUntil(until)
        }}
      >
        <TextInput
          type="datetime-local"
          label={`Until (${utc ? 'UTC' : 'your time'})`}
          description="What is still wrong then is told then."
          value={text}
          error={wrong}
          data-autofocus
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className="k-window-actions">
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!!wrong}>
            Mute
          </Button>
        </div>
      </form>
    </Modal>
  )
}
