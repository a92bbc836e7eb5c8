/** From anything that is drawn to the form of a monitor that watches it. */
import { ActionIcon, Button, Tooltip } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { BellPlus } from 'lucide-react'
import type { SavedQuery } from '@/api/types'
import { useAdmin } from './admin'
import { travelling, useView } from './view'

/** The address's part that says what to watch. */
export const watchSearch = (query: SavedQuery, name: string) => ({ watch: JSON.stringify(query), name })

export function MakeMonitor(props: { query: SavedQuery; title: string; small: boolean; disabled: boolean }) {
  const admin = useAdmin()
  const { search } = useView()
  const navigate = useNavigate()
  const off = props.disabled || !admin
  const label = admin ? 'Make a monitor of this' : 'Making monitors takes a key with the admin scope'
  const what = `Make a monitor of ${props.title}`
  const make = () =>
    void navigate({
      to: '/monitors/new',
      search: { ...travelling(search), q: undefined, ...watchSearch(props.query, props.title) } as never,
    })
  return (
    <Tooltip label={label}>
      {props.small ? (
        <ActionIcon size={20} aria-label={what} disabled={off} onClick={make}>
          <BellPlus size={12} />
        </ActionIcon>
      ) : (
        <Button
          leftSection={<BellPlus size={13} aria-hidden />}
          aria-label={what}
          disabled={off}
          onClick={make}
        >
          Monitor
        </Button>
      )}
    </Tooltip>
  )
}
