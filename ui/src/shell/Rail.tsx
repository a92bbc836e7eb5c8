import { ActionIcon, Tooltip } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import { PanelLeft } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { usePref } from '@/kit/prefs'
import { useView } from '@/kit/view'
import { PAGES, searchFor } from './pages'

export function Rail() {
  const [narrow, setNarrow] = usePref('rail', '')
  const { search } = useView()
  const { pathname } = useLocation()
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    // On a phone the bar scrolls: the page one is on is always in it.
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [pathname])
  const items = PAGES.map((page) => {
    const current = pathname.startsWith(page.to)
    return (
      <li key={page.to} className={page.to === '/settings' ? 's-foot' : ''}>
        <Tooltip label={`${page.label}  g ${page.key}`} position="right" disabled={!narrow}>
          <Link
            to={page.to}
            search={searchFor(page, search) as never}
            aria-current={current ? 'page' : undefined}
          >
            <page.icon size={16} aria-hidden />
            <span className="s-label">{page.label}</span>
          </Link>
        </Tooltip>
      </li>
    )
  })
  return (
    <nav className={narrow ? 's-rail narrow' : 's-rail'} aria-label="Pages">
      <div className="s-brand">
        <img src="/favicon.svg" alt="" width={20} height={20} />
        <span className="s-label">Tapetum</span>
        <ActionIcon
          className="s-collapse"
          aria-label={narrow ? 'Show labels' : 'Hide labels'}
          aria-pressed={!!narrow}
          onClick={() => setNarrow(narrow ? '' : '1')}
        >
          <PanelLeft size={14} />
        </ActionIcon>
      </div>
      <ul ref={list}>{items}</ul>
    </nav>
  )
}
