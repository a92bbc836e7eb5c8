/** Ctrl/⌘ K: go anywhere, open a trace by its id, search, switch. */
import { useMantineColorScheme } from '@mantine/core'
import { Spotlight, type SpotlightActionData } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Activity, Clock, FolderOpen, Moon, ScrollText, Search, Sun } from 'lucide-react'
import { useMemo, useState } from 'react'
import { infoQuery } from '@/api/queries'
import { printTerm } from '@/kit/filter'
import { PRESETS } from '@/kit/time'
import { travelling, useView } from '@/kit/view'
import { PAGES, searchFor } from './pages'

export function Palette() {
  const [text, setText] = useState('')
  const navigate = useNavigate()
  const { search, setRange, patch } = useView()
  const { setColorScheme } = useMantineColorScheme()
  const info = useQuery(infoQuery)
  const projects = info.data?.projects

  const actions = useMemo((): SpotlightActionData[] => {
    const keep = travelling(search)
    const typed = text.trim()
    const found: SpotlightActionData[] = []
    if (/^[0-9a-f]{32}$/i.test(typed)) {
      found.push({
        id: 'trace',
        label: `Open trace ${typed.toLowerCase()}`,
        leftSection: <Activity size={14} />,
        onClick: () =>
          void navigate({
            to: '/traces/$traceId',
            params: { traceId: typed.toLowerCase() },
            search: keep as never,
          }),
      })
    } else if (typed) {
      // Text that is no filter yet is searched as a phrase.
      const q = /^\S+:\S/.test(typed)
        ? typed
        : printTerm({ negated: false, key: '', op: 'text', values: [typed] })
      found.push(
        {
          id: 'search-traces',
          label: `Search traces for ${typed}`,
          leftSection: <Search size={14} />,
          onClick: () => void navigate({ to: '/traces', search: { ...keep, q } as never }),
        },
        {
          id: 'search-logs',
          label: `Search logs for ${typed}`,
          leftSection: <ScrollText size={14} />,
          onClick: () => void navigate({ to: '/logs', search: { ...keep, q } as never }),
        },
      )
    }
    const fixed: SpotlightActionData[] = [
      ...PAGES.map((page) => ({
        id: page.to,
        label: page.label,
        description: `g ${page.key}`,
        leftSection: <page.icon size={14} />,
        onClick: () => void navigate({ to: page.to, search: searchFor(page, search) as never }),
      })),
      ...PRESETS.map((preset) => ({
        id: preset.from,
        label: `Time: ${preset.label.toLowerCase()}`,
        leftSection: <Clock size={14} />,
        onClick: () => setRange({ from: preset.from, to: 'now' }),
      })),
      ...(projects ?? []).map((name) => ({
        id: `project-${name}`,
        label: `Project: ${name}`,
        leftSection: <FolderOpen size={14} />,
        onClick: () => patch({ project: name, q: undefined, sel: undefined, span: undefined }),
      })),
      {
        id: 'dark',
        label: 'Theme: dark',
        leftSection: <Moon size={14} />,
        onClick: () => setColorScheme('dark'),
      },
      {
        id: 'light',
        label: 'Theme: light',
        leftSection: <Sun size={14} />,
        onClick: () => setColorScheme('light'),
      },
    ]
    const lower = typed.toLowerCase()
    const named = (a: SpotlightActionData, whole: boolean) =>
      whole
        ? (a.label ?? '').toLowerCase().startsWith(lower)
        : (a.label ?? '').toLowerCase().indexOf(lower) > 0
    // A page that is called by its name comes before a search for that word: Enter takes the first.
    return [...fixed.filter((a) => named(a, true)), ...found, ...fixed.filter((a) => named(a, false))]
  }, [text, search, projects, navigate, setRange, patch, setColorScheme])

  return (
    <Spotlight
      actions={actions}
      filter={(_query, all) => all}
      query={text}
      onQueryChange={setText}
      shortcut={['mod + K']}
      nothingFound="Nothing found"
      scrollable
      maxHeight={420}
      radius={3}
      shadow="none"
      attributes={{ content: { 'aria-label': 'Search or jump to' } }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.5 }}
      searchProps={{
        placeholder: 'Page, trace id, project, time range, or text to search for',
        'aria-label': 'Search',
      }}
    />
  )
}
