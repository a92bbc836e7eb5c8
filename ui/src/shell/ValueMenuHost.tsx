import { Menu } from '@mantine/core'
import { useLocation, useNavigate } from '@tanstack/react-router'
import { Ban, ChartBarStacked, Copy, Filter, Terminal } from 'lucide-react'
import { copyText } from '@/kit/Copy'
import { environmentTerms } from '@/kit/environment'
import { exclude, only } from '@/kit/filter'
import { groupSql, valueSql } from '@/kit/sqlText'
import { openValueMenu, useValueMenuRequest } from '@/kit/valueMenu'
import { travelling, useView } from '@/kit/view'

const HOME = { spans: '/traces', logs: '/logs', metrics: '/metrics-explorer', errors: '/errors' } as const

/** The menu of every value anywhere. Narrowing happens on the page that shows the signal. */
export function ValueMenuHost() {
  const request = useValueMenuRequest()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const { scope, search } = useView()
  if (!request) return null
  const { key, value, anchor, signal } = request
  const home = HOME[signal]
  const here = pathname === home
  const narrow = (change: (q: string, key: string, value: string) => string) => {
    const q = change(here ? scope.q : (environmentTerms(scope.q) ?? ''), key, value)
    const kept = here ? search : travelling(search)
    void navigate({ to: home, search: { ...kept, q } as never })
  }
  const openSql = (sql: string) => {
    const { project, from, to } = search
    void navigate({ to: '/sql', search: { project, from, to, sql } as never })
  }
  return (
    <Menu opened onClose={() => openValueMenu(null)} position="bottom-start" returnFocus>
      <Menu.Target>
        <span
          aria-hidden
          style={{
            position: 'fixed',
            left: anchor.left,
            top: anchor.top,
            width: Math.min(anchor.width, 240),
            height: anchor.height,
            pointerEvents: 'none',
          }}
        />
      </Menu.Target>
      <Menu.Dropdown aria-label={`${key} ${value.slice(0, 80)}`}>
        <Menu.Label>
          <span className="cut" style={{ display: 'block', maxWidth: 280 }}>
            {key}: {value.slice(0, 120)}
          </span>
        </Menu.Label>
        <Menu.Item leftSection={<Filter size={13} />} onClick={() => narrow(only)}>
          Only this
        </Menu.Item>
        <Menu.Item leftSection={<Ban size={13} />} onClick={() => narrow(exclude)}>
          Not this
        </Menu.Item>
        {signal !== 'metrics' && (
          <Menu.Item
            leftSection={<ChartBarStacked size={13} />}
            onClick={() => openSql(groupSql(signal, key, scope))}
          >
            Group by this in SQL
          </Menu.Item>
        )}
        <Menu.Item leftSection={<Copy size={13} />} onClick={() => void copyText(value)}>
          Copy
        </Menu.Item>
        <Menu.Item
          leftSection={<Terminal size={13} />}
          onClick={() => openSql(valueSql(signal, key, value, scope))}
        >
          Open in SQL
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
