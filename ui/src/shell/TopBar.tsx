import { ActionIcon, Button, Kbd, Menu, Select, Tooltip, useMantineColorScheme } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { spotlight } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { CircleHelp, Link2, LogOut, Monitor, Moon, Pause, Radio, RefreshCw, Search, Sun } from 'lucide-react'
import { useIsFetching, useQueryClient } from '@tanstack/react-query'
import { api } from '@/api/client'
import { infoQuery } from '@/api/queries'
import { copyText } from '@/kit/Copy'
import { useShortcuts } from '@/kit/keys'
import { writePref } from '@/kit/prefs'
import { absolute } from '@/kit/time'
import { TimePicker } from '@/kit/TimePicker'
import { useView } from '@/kit/view'
import { EnvironmentSelect } from './EnvironmentSelect'
import type { PageEntry } from './pages'
import { ViewsMenu } from './ViewsMenu'

export function TopBar({ page, detail, onHelp }: { page: PageEntry; detail: boolean; onHelp: () => void }) {
  const { scope, range, live, setRange, patch } = useView()
  const info = useQuery(infoQuery)
  const client = useQueryClient()
  const fetching = useIsFetching()
  const projects = [...new Set([...(info.data?.projects ?? []), scope.project])].sort()
  const time = page.time && !detail
  const toggleLive = () => patch({ live: live ? undefined : '1', ...(live ? {} : { to: undefined }) }, true)

  async function share(fixed = time) {
    const url = new URL(location.href)
    url.searchParams.delete('edit')
    if (time && !fixed) {
      // Whoever has no time in the address would get the reader's own.
      url.searchParams.set('from', range.from)
    } else if (time) {
      const fixed = absolute(range, Date.now())
      url.searchParams.set('from', fixed.from)
      url.searchParams.set('to', fixed.to)
      url.searchParams.delete('live')
    }
    url.searchParams.set('project', scope.project)
    await copyText(url.toString())
    notifications.show({ message: time && fixed ? 'Link copied, with absolute times' : 'Link copied' })
  }
  useShortcuts('View', [
    { keys: 'r', label: 'Refresh', run: () => void client.invalidateQueries() },
    { keys: 'y', label: 'Copy a link to this view', run: () => void share() },
    ...(page.live && !detail ? [{ keys: ' ', label: 'Live on or off', run: toggleLive }] : []),
  ])

  return (
    <header className="s-top">
      <Select
        className="s-project"
        aria-label="Project"
        data={projects}
        value={scope.project}
        allowDeselect={false}
        searchable={projects.length > 8}
        onChange={(value) => {
          if (!value) return
          writePref('project', value)
          // A filter and a selection of one project mean nothing in another.
          patch({ project: value, q: undefined, sel: undefined, span: undefined })
        }}
      />
      {page.signal && !detail && <EnvironmentSelect signal={page.signal} />}
      <button
        type="button"
        className="plain s-search"
        title="Search or jump to"
        onClick={() => spotlight.open()}
      >
        <Search size={13} aria-hidden />
        <span className="grow cut">Search or jump to</span>
        <Kbd size="xs">Ctrl K</Kbd>
      </button>
      <span className="grow" />
      {time && <TimePicker range={range} onChange={setRange} />}
      {time && (
        <Tooltip label="Refresh (r)">
          <ActionIcon aria-label="Refresh" onClick={() => void client.invalidateQueries()}>
            <RefreshCw size={14} className={fetching ? 's-busy' : ''} />
          </ActionIcon>
        </Tooltip>
      )}
      {page.live && !detail && (
        <Button
          className={live ? 's-live on' : 's-live'}
          aria-pressed={live}
          aria-label={live ? 'Live: on' : 'Live: off'}
          leftSection={live ? <Pause size={13} aria-hidden /> : <Radio size={13} aria-hidden />}
          onClick={toggleLive}
        >
          Live
        </Button>
      )}
      {page.to !== '/settings' && <ViewsMenu time={time} onShare={(fixed) => void share(fixed)} />}
      <Tooltip label="Copy a link to this view (y)">
        <ActionIcon className="s-wide" aria-label="Copy a link to this view" onClick={() => void share()}>
          <Link2 size={15} />
        </ActionIcon>
      </Tooltip>
      <SchemeMenu />
      <Tooltip label="Keyboard help (?)">
        <ActionIcon className="s-wide" aria-label="Keyboard help" onClick={onHelp}>
          <CircleHelp size={15} />
        </ActionIcon>
      </Tooltip>
      {info.data?.auth === 'keys' && (
        <Tooltip label={`Sign out ${info.data.identity?.name ?? ''}`}>
          <ActionIcon
            aria-label="Sign out"
            onClick={() => void api.delete('/session').finally(() => location.reload())}
          >
            <LogOut size={15} />
          </ActionIcon>
        </Tooltip>
      )}
    </header>
  )
}

function SchemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Icon = colorScheme === 'dark' ? Moon : colorScheme === 'light' ? Sun : Monitor
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={`Theme: ${colorScheme === 'auto' ? 'system' : colorScheme}`}>
          <Icon size={15} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Moon size={13} />} onClick={() => setColorScheme('dark')}>
          Dark
        </Menu.Item>
        <Menu.Item leftSection={<Sun size={13} />} onClick={() => setColorScheme('light')}>
          Light
        </Menu.Item>
        <Menu.Item leftSection={<Monitor size={13} />} onClick={() => setColorScheme('auto')}>
          System
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
