import { ActionIcon, Tooltip } from '@mantine/core'
import { X } from 'lucide-react'
import { useRef, type ReactNode } from 'react'
import { useShortcuts } from './keys'
import { usePref } from './prefs'

/** Beside the rows, never over them (except on a phone); its width is kept. */
export function Drawer(props: {
  title: ReactNode
  label: string
  actions?: ReactNode
  onClose: () => void
  children: ReactNode
}) {
  const [width, setWidth] = usePref('drawer-width', '40')
  const panel = useRef<HTMLElement>(null)
  useShortcuts('Drawer', [{ keys: 'Escape', label: 'Close the drawer', run: props.onClose }])

  function resize(clientX: number) {
    const box = panel.current?.parentElement?.getBoundingClientRect()
    if (!box) return
    const share = ((box.right - clientX) / box.width) * 100
    setWidth(String(Math.round(Math.min(Math.max(share, 22), 80))))
  }
  return (
    <aside className="k-drawer" ref={panel} aria-label={props.label} style={{ width: `${width}%` }}>
      <div
        className="k-grip"
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the drawer"
        aria-valuenow={Number(width)}
        aria-valuemin={22}
        aria-valuemax={80}
        tabIndex={0}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowLeft' ? 4 : event.key === 'ArrowRight' ? -4 : 0
          if (step) setWidth(String(Math.min(Math.max(Number(width) + step, 22), 80)))
        }}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) resize(event.clientX)
        }}
      />
      <div className="k-inner">
        <header>
          <h2 className="grow cut">{props.title}</h2>
          {props.actions}
          <Tooltip label="Close (Esc)">
            <ActionIcon aria-label="Close" onClick={props.onClose}>
              <X size={15} />
            </ActionIcon>
          </Tooltip>
        </header>
        {props.children}
      </div>
    </aside>
  )
}
