/** Everything at once: time to the right, callers above. Drawn on a canvas; the waterfall says the same as a tree. */
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react'
import { resolveColour } from '@/kit/colour'
import { durationText } from '@/kit/format'
import { useSize } from '@/kit/hooks'
import { colourCache } from './Minimap'
import { shortly } from './running'
import { lanes, type SpanTree } from './tree'
import { Axis, type TimeWindow } from './Waterfall'

const LANE = 18

interface Props {
  tree: SpanTree
  window: TimeWindow
  selected: number
  matches: ReadonlySet<number> | null
  onSelect: (span: number) => void
  onWindow: (window: TimeWindow) => void
}

export function Flame(p: Props) {
  const { tree, window: view } = p
  const scheme = useComputedColorScheme('dark')
  const { lane, count } = useMemo(() => lanes(tree), [tree])
  const [measure, size] = useSize<HTMLDivElement>()
  const scroller = useRef<HTMLDivElement | null>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const [top, setTop] = useState(0)
  const [hover, setHover] = useState<{ span: number; x: number; y: number } | null>(null)
  const pan = useRef<{ x: number; from: number; to: number; moved: boolean } | null>(null)
  const nsPerPixel = (view.to - view.from) / Math.max(size.width, 1)

  useEffect(() => {
    const node = canvas.current
    if (!node || size.width < 10) return
    const scale = devicePixelRatio || 1
    node.width = size.width * scale
    node.height = size.height * scale
    const g = node.getContext('2d')!
    g.scale(scale, scale)
    g.clearRect(0, 0, size.width, size.height)
    g.font = '11px sans-serif'
    g.textBaseline = 'middle'
    const colour = colourCache()
    const bad = resolveColour('var(--bad)')
    const line = resolveColour('var(--text)')
    const { kind, service, status, name } = tree.columns
    const lastPixel = new Int32Array(count).fill(-1)
    const firstLane = Math.floor(top / LANE)
    const lastLane = Math.ceil((top + size.height) / LANE)
    for (let row = 0; row < tree.count; row++) {
      const i = tree.order[row]!
      const at = lane[i]!
      if (at < firstLane || at > lastLane) continue
      if (tree.end[i]! < view.from || tree.start[i]! > view.to) continue
      const x = Math.max((tree.start[i]! - view.from) / nsPerPixel, 0)
      const right = Math.min((tree.end[i]! - view.from) / nsPerPixel, size.width)
      const width = Math.max(right - x, 1)
      // Thousands of spans can share one pixel: draw it once.
      if (width <= 1 && lastPixel[at] === Math.floor(x) && status[i] !== 'error' && i !== p.selected) continue
      lastPixel[at] = Math.floor(x)
      const y = at * LANE - top
      g.globalAlpha = p.matches && !p.matches.has(i) ? 0.2 : 1
      g.fillStyle = colour(kind[i]!, service[i]!)
      g.fillRect(x, y + 1, Math.max(width - 0.5, 1), LANE - 2)
      if (status[i] === 'error') {
        g.fillStyle = bad
        g.fillRect(x, y + 1, Math.max(width - 0.5, 1), 3)
      }
      if (width > 34) {
        g.fillStyle = '#0b1012'
        const room = Math.floor((width - 8) / 5.8)
        const label = name[i]!.length > room ? `${name[i]!.slice(0, Math.max(room - 1, 1))}…` : name[i]!
        g.fillText(label, x + 4, y + LANE / 2 + 1)
        const took = tree.columns.duration_ns[i]
        const time =
          took == null ? shortly(tree.running.get(tree.columns.span_id[i]!)) : durationText(took / 1e6)
        if (label.length + time.length + 3 < room) {
          g.textAlign = 'right'
          g.fillText(time, x + width - 5, y + LANE / 2 + 1)
          g.textAlign = 'left'
        }
      }
      if (i === p.selected) {
        g.strokeStyle = line
        g.lineWidth = 2
        g.strokeRect(x + 1, y + 1, Math.max(width - 2, 2), LANE - 2)
      }
    }
    g.globalAlpha = 1
  }, [tree, lane, count, size, top, view, nsPerPixel, scheme, p.selected, p.matches])

  function hit(event: PointerEvent<HTMLElement>): number {
    const box = event.currentTarget.getBoundingClientRect()
    const at = Math.floor((event.clientY - box.top + top) / LANE)
    const ns = view.from + (event.clientX - box.left) * nsPerPixel
    let best = -1
    for (let i = 0; i < tree.count; i++) {
      if (lane[i] !== at) continue
      if (ns >= tree.start[i]! - nsPerPixel * 2 && ns <= tree.end[i]! + nsPerPixel * 2) {
        if (best < 0 || tree.end[i]! - tree.start[i]! < tree.end[best]! - tree.start[best]!) best = i
      }
    }
    return best
  }

  return (
    <>
      <div className="t-flame-axis">
        <Axis window={view} ticks={Math.max(2, Math.floor(size.width / 110))} />
      </div>
      <div
        className="t-flame"
        ref={(node) => {
          scroller.current = node
          measure(node)
        }}
        tabIndex={0}
        role="region"
        aria-label="Flame view; w and s zoom, a and d move"
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div className="t-flame-pane" style={{ height: size.height }}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={`${tree.count} spans in ${count} lanes`}
            style={{ width: size.width, height: size.height }}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId)
              pan.current = { x: event.clientX, from: view.from, to: view.to, moved: false }
            }}
            onPointerMove={(event) => {
              const start = pan.current
              if (start) {
                const shift = (event.clientX - start.x) * nsPerPixel
                if (Math.abs(event.clientX - start.x) > 3) start.moved = true
                if (start.moved) p.onWindow({ from: start.from - shift, to: start.to - shift })
                return
              }
              const span = hit(event)
              const box = event.currentTarget.getBoundingClientRect()
              setHover(span < 0 ? null : { span, x: event.clientX - box.left, y: event.clientY - box.top })
            }}
            onPointerLeave={() => setHover(null)}
            onPointerUp={(event) => {
              const clicked = !pan.current?.moved
              pan.current = null
              const span = clicked ? hit(event) : -1
              if (span >= 0) p.onSelect(span)
            }}
          />
          {hover && (
            <div
              className="k-tip"
              style={{
                left: Math.min(hover.x + 12, Math.max(size.width - 320, 0)),
                top: Math.min(hover.y + 14, size.height - 60),
              }}
            >
              <div>
                <span>
                  {tree.columns.service[hover.span]} · {tree.columns.kind[hover.span]}
                </span>
              </div>
              <div>
                <b className="cut" style={{ maxWidth: 280 }}>
                  {tree.columns.name[hover.span]}
                </b>
              </div>
              <div>
                <span>
                  {durationText(
                    tree.columns.duration_ns[hover.span] == null
                      ? null
                      : tree.columns.duration_ns[hover.span]! / 1e6,
                  )}
                  {tree.columns.status[hover.span] === 'error' ? ' · error' : ''}
                </span>
              </div>
            </div>
          )}
        </div>
        <div style={{ height: Math.max(count * LANE - size.height + 8, 0) }} />
      </div>
    </>
  )
}
