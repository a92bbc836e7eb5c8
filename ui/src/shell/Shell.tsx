import { useQuery } from '@tanstack/react-query'
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { whenUnauthorised } from '@/api/client'
import { infoQuery } from '@/api/queries'
import { useShortcuts } from '@/kit/keys'
import { writePref } from '@/kit/prefs'
import { Failure, SkeletonRows } from '@/kit/states'
import { useView } from '@/kit/view'
import { HelpWindow } from './HelpWindow'
import { Login } from './Login'
import { PAGES, searchFor } from './pages'
import { Palette } from './Palette'
import { Rail } from './Rail'
import { startProject } from './startProject'
import { TopBar } from './TopBar'
import { ValueMenuHost } from './ValueMenuHost'
import './shell.css'

export function Shell() {
  const [locked, setLocked] = useState(false)
  useEffect(() => whenUnauthorised(() => setLocked(true)), [])
  const info = useQuery(infoQuery)
  const needsKey = locked || (info.data?.auth === 'keys' && !info.data.identity?.scopes.length)
  if (needsKey) {
    return (
      <Login
        onDone={() => {
          setLocked(false)
          void info.refetch()
        }}
      />
    )
  }
  if (info.isPending) {
    return (
      <div style={{ padding: 24 }}>
        <SkeletonRows rows={8} label="Connecting to the server" />
      </div>
    )
  }
  if (info.isError) {
    return (
      <main>
        <h1 className="sr-only">Tapetum</h1>
        <Failure error={info.error} retry={() => void info.refetch()} />
      </main>
    )
  }
  return <Frame />
}

function Frame() {
  const [help, setHelp] = useState(false)
  const navigate = useNavigate()
  const { pathname } = useLocation()
  useStartProject()
  const { search } = useView()
  useShortcuts('Go to', [
    ...PAGES.map((page) => ({
      keys: `g ${page.key}`,
      label: page.label,
      run: () => void navigate({ to: page.to, search: searchFor(page, search) as never }),
    })),
    { keys: '?', label: 'Keyboard help', run: () => setHelp(true) },
  ])
  // A trace and a session have times of their own, and a list of dashboards, monitors or their editor none.
  const timeless =
    pathname.startsWith('/traces/') ||
    pathname === '/sessions/one' ||
    /^\/(dashboards|monitors|monitors\/new|monitors\/.*\/edit)$/.test(pathname)
  const page = PAGES.find((p) => pathname.startsWith(p.to)) ?? PAGES[0]!
  return (
    <div className="s-frame">
      <a className="s-skip" href="#content">
        Skip to content
      </a>
      <Rail />
      <div className="s-main">
        <TopBar page={page} detail={timeless} onHelp={() => setHelp(true)} />
        <div className="s-content">
          <Outlet />
        </div>
      </div>
      <Palette />
      <HelpWindow open={help} onClose={() => setHelp(false)} />
      <ValueMenuHost />
    </div>
  )
}

/** A bare URL opens the project that the reader used last, else one that exists. */
function useStartProject() {
  const { search, patch } = useView()
  const info = useQuery(infoQuery)
  const projects = info.data?.projects
  useEffect(() => {
    if (search.project) {
      writePref('project', search.project)
      return
    }
    if (!projects) return
    const start = info.data && startProject(info.data)
    if (start) patch({ project: start }, true)
  }, [search.project, projects, info.data, patch])
}
