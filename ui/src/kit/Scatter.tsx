/** Points on a plane: looked at from nearer, and chosen by a line or a box drawn around them. */
import { ActionIcon, SegmentedControl, Tooltip, useComputedColorScheme } from '@mantine/core'
import { BoxSelect, Hand, Lasso, ListChecks, Maximize, ZoomIn, ZoomOut } from 'lucide-react'
import {
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from 'react'
import { resolveColour } from './colour'
import { useSize } from './hooks'
import {
  fromPixel,
  moved,
  nearest,
  simplified,
  toPixel,
  whole,
  zoomed,
  type Corner,
  type View,
} from './plane'
import './scatter.css'

type Tool = 'lasso' | 'box' | 'pan'
const RADIUS = 2.6
const REACH = 10
const STEP = 1.4
const KEY_PIXELS = 40

export interface ScatterProps {
  label: string
  x: readonly number[]
  y: readonly number[]
  /** Of each point: a colour, or a `var(--x)`. */
  colours: readonly string[]
  /** What was chosen; null where nothing was. */
  chosen: ReadonlySet<number> | null
  /** The outline by which it was. */
  area: readonly Corner[] | null
  /** Null when the choice is taken back. */
  onArea: (polygon: Corner[] | null) => void
  onOpen: (point: number) => void
  tip: (point: number) => ReactNode
  xLabel: string
  yLabel: string
}

export function Scatter(p: ScatterProps) {
  const scheme = useComputedColorScheme('dark')
  const [measure, size] = useSize<HTMLDivElement>()
  const canvas = useRef<HTMLCanvasElement>(null)
  const [tool, setTool] = useState<Tool>('lasso')
  const [view, setView] = useState<View | null>(null)
  const [line, setLine] = useState<Corner[] | null>(null)
  const [over, setOver] = useState<{ point: number; px: number; py: number } | null>(null)
  const all = useMemo(() => whole(p.x, p.y, size), [p.x, p.y, size])
  const now = view ?? all
  useDrawn(canvas, p, now, size, scheme)
  useWheel(canvas, (px, py, factor) => setView((old) => zoomed(old ?? all, all, size, px, py, factor)))

  const zoom = (factor: number) => setView(zoomed(now, all, size, size.width / 2, size.height / 2, factor))
  const at = (event: PointerEvent<HTMLElement>): Corner => {
    const box = event.currentTarget.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  function follow(event: PointerEvent<HTMLElement>) {
    const [px, py] = at(event)
    if (!line) {
      const point = nearest(now, size, p.x, p.y, px, py, REACH)
      setOver(point < 0 ? null : { point, px, py })
    } else if (tool === 'pan') {
      const [lastX, lastY] = line.at(-1)!
      setView(moved(now, px - lastX, py - lastY))
      setLine([...line, [px, py]])
    } else {
      setLine(tool === 'box' ? [line[0]!, [px, py]] : [...line, [px, py]])
    }
  }
  function finish() {
    if (!line) return
    setLine(null)
    const [first, last] = [line[0]!, line.at(-1)!]
    const far = line.some(([x, y]) => Math.hypot(x - first[0], y - first[1]) > 4)
    if (!far) {
      const point = nearest(now, size, p.x, p.y, ...first, REACH)
      if (point >= 0) p.onOpen(point)
      else if (p.area) p.onArea(null)
    } else if (tool !== 'pan') {
      const outline = tool === 'box' ? corners(first, last) : line
      p.onArea(simplified(outline).map(([px, py]) => fromPixel(now, size, px, py)))
    }
  }
  function keys(event: KeyboardEvent) {
    const [dx, dy] = ARROWS[event.key] ?? [0, 0]
    if (dx || dy) setView(moved(now, dx * KEY_PIXELS, dy * KEY_PIXELS))
    else if (event.key === '+' || event.key === '=') zoom(STEP)
    else if (event.key === '-') zoom(1 / STEP)
    else if (event.key === '0') setView(null)
    else if (event.key === 'Enter') p.onArea(seen(now, size))
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const drawn = line && tool !== 'pan' ? (tool === 'box' ? corners(line[0]!, line.at(-1)!) : line) : null
  const outline = drawn ?? p.area?.map(([x, y]) => toPixel(now, size, x, y)) ?? null
  return (
    <figure className="k-scatter" aria-label={p.label}>
      <div className="k-scatter-tools" role="toolbar" aria-label="Look and choose">
        <SegmentedControl
          aria-label="Dragging"
          value={tool}
          onChange={(next) => setTool(next as Tool)}
          data={TOOLS.map(({ value, label, Icon }) => ({
            value,
            label: (
              <Tooltip label={label}>
                <Icon size={14} aria-label={label} role="img" />
              </Tooltip>
            ),
          }))}
        />
        <Act label="Nearer (+)" run={() => zoom(STEP)} icon={<ZoomIn size={14} />} />
        <Act label="Farther (-)" run={() => zoom(1 / STEP)} icon={<ZoomOut size={14} />} />
        <Act label="All points (0)" run={() => setView(null)} icon={<Maximize size={14} />} />
        <Act
          label="Choose what is in sight (Enter)"
          run={() => p.onArea(seen(now, size))}
          icon={<ListChecks size={14} />}
        />
      </div>
      <div
        ref={measure}
        className={`k-scatter-plot ${tool}`}
        tabIndex={0}
        role="group"
        aria-label="Points. Arrows move, plus and minus zoom, 0 shows all, Enter chooses what is in sight."
        onKeyDown={keys}
        onPointerDown={(event) => {
          if (event.button !== 0) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setOver(null)
          setLine([at(event)])
        }}
        onPointerMove={follow}
        onPointerUp={finish}
        onPointerCancel={() => setLine(null)}
        onPointerLeave={() => setOver(null)}
      >
        <canvas ref={canvas} role="img" aria-label={`${p.x.length} points`} />
        {outline && (
          <svg aria-hidden>
            <polygon points={outline.map((corner) => corner.join(',')).join(' ')} />
          </svg>
        )}
        <span className="k-scatter-x">{p.xLabel}</span>
        <span className="k-scatter-y">{p.yLabel}</span>
        {over && (
          <div
            className="k-tip"
            style={{
              left: over.px > size.width * 0.6 ? undefined : over.px + 14,
              right: over.px > size.width * 0.6 ? size.width - over.px + 14 : undefined,
              top: Math.min(over.py, Math.max(size.height - 90, 0)),
            }}
          >
            {p.tip(over.point)}
          </div>
        )}
      </div>
    </figure>
  )
}

const TOOLS = [
  { value: 'lasso', label: 'Choose by a line around', Icon: Lasso },
  { value: 'box', label: 'Choose by a box', Icon: BoxSelect },
  { value: 'pan', label: 'Move', Icon: Hand },
] as const
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}

const corners = ([ax, ay]: Corner, [bx, by]: Corner): Corner[] => [
  [ax, ay],
  [bx, ay],
  [bx, by],
  [ax, by],
]
const seen = (view: View, size: { width: number; height: number }): Corner[] =>
  corners([0, 0], [size.width, size.height]).map(([px, py]) => fromPixel(view, size, px, py))

function Act({ label, run, icon }: { label: string; run: () => void; icon: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={run}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}

type Drawn = Pick<ScatterProps, 'x' | 'y' | 'colours' | 'chosen'>

function useDrawn(
  canvas: React.RefObject<HTMLCanvasElement | null>,
  { x, y, colours, chosen }: Drawn,
  view: View,
  size: { width: number; height: number },
  scheme: string,
) {
  useEffect(() => {
    const node = canvas.current
    if (!node || size.width < 20) return
    const ratio = devicePixelRatio || 1
    node.width = size.width * ratio
    node.height = size.height * ratio
    const g = node.getContext('2d')!
    g.scale(ratio, ratio)
    g.clearRect(0, 0, size.width, size.height)
    for (let i = 0; i < x.length; i++) {
      const [px, py] = toPixel(view, size, x[i]!, y[i]!)
      if (px < -RADIUS || py < -RADIUS || px > size.width + RADIUS || py > size.height + RADIUS) continue
      g.globalAlpha = chosen && !chosen.has(i) ? 0.18 : 0.75
      g.fillStyle = resolveColour(colours[i]!)
      g.beginPath()
      g.arc(px, py, RADIUS, 0, 2 * Math.PI)
      g.fill()
    }
  }, [canvas, x, y, colours, chosen, view, size, scheme])
}

/** React's own listener cannot keep the page from scrolling. */
function useWheel(
  canvas: React.RefObject<HTMLCanvasElement | null>,
  zoom: (px: number, py: number, factor: number) => void,
) {
  const latest = useRef(zoom)
  useEffect(() => {
    latest.current = zoom
  })
  useEffect(() => {
    const node = canvas.current?.parentElement
    if (!node) return
    const turned = (event: WheelEvent) => {
      event.preventDefault()
      const box = node.getBoundingClientRect()
      latest.current(event.clientX - box.left, event.clientY - box.top, Math.exp(-event.deltaY / 400))
    }
    node.addEventListener('wheel', turned, { passive: false })
    return () => node.removeEventListener('wheel', turned)
  }, [canvas])
}
